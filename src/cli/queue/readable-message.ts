/**
 * A message as a person wants to read it: decoded header lines, the text, and a line for each attachment. The
 * only importer of mailparser, which is loaded by the first call; it is never used for what is sent.
 */
import { Readable } from 'node:stream'

/** Names as mailparser has them, and as people write them. */
const HEADERS = [
  ['date', 'Date'],
  ['from', 'From'],
  ['to', 'To'],
  ['cc', 'Cc'],
  ['subject', 'Subject'],
  ['message-id', 'Message-ID'],
] as const

function headerLine(title: string, value: unknown): string | undefined {
  if (value === undefined) return undefined
  if (value instanceof Date) return `${title}: ${value.toISOString()}`
  if (typeof value === 'string') return `${title}: ${value}`
  const text: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'text') : undefined
  return typeof text === 'string' ? `${title}: ${text}` : undefined
}

/** How much of a message is read: a parsed message takes several times its size in memory. */
const LIMIT = 1024 * 1024

async function* firstOctets(stream: Readable, limit: number): AsyncGenerator<Buffer> {
  let left = limit
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    yield chunk.subarray(0, left)
    left -= chunk.length
    if (left <= 0) return
  }
}

/**
 * Reads a message; of one that is larger than 1 MB, the beginning.
 *
 * @param stream the message from its first byte
 * @param size its size in octets
 */
export async function readForPeople(stream: Readable, size: number): Promise<string> {
  const { simpleParser } = await import('mailparser')
  const beginning = Readable.from(firstOctets(stream, LIMIT), { objectMode: false })
  const mail = await simpleParser(beginning, { skipImageLinks: true, skipHtmlToText: false })
  const headers = HEADERS.map(([name, title]) => headerLine(title, mail.headers.get(name))).filter(
    (line) => line !== undefined,
  )
  const attachments = mail.attachments.map(
    (each) => `[attachment: ${each.filename ?? 'without a name'}, ${each.contentType}, ${each.size} octets]`,
  )
  const cut = size > LIMIT ? [`[only the first of ${Math.ceil(size / LIMIT)} MB was read]`] : []
  const notes = [...attachments, ...cut].map((line) => `${line}\n`).join('')
  return `${headers.join('\n')}\n\n${mail.text ?? ''}\n${notes}`
}
