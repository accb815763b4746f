/**
 * A message as a person wants to read it: decoded header lines, the text, and a line for each attachment. The
 * only importer of mailparser, which is loaded by the first call; it is never used for what is sent.
 */
import type { Readable } from 'node:stream'

const HEADERS = ['date', 'from', 'to', 'cc', 'subject', 'message-id'] as const

function headerLine(name: string, value: unknown): string | undefined {
  if (value === undefined) return undefined
  const title = name.replace(
    /(^|-)([a-z])/g,
    (_, dash: string, letter: string) => dash + letter.toUpperCase(),
  )
  if (value instanceof Date) return `${title}: ${value.toISOString()}`
  if (typeof value === 'string') return `${title}: ${value}`
  const text: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'text') : undefined
  return typeof text === 'string' ? `${title}: ${text}` : undefined
}

/** Reads a whole message. The text of large attachments is not kept. */
export async function readForPeople(stream: Readable): Promise<string> {
  const { simpleParser } = await import('mailparser')
  const mail = await simpleParser(stream, { skipImageLinks: true, skipHtmlToText: false })
  const headers = HEADERS.map((name) => headerLine(name, mail.headers.get(name))).filter(
    (line) => line !== undefined,
  )
  const attachments = mail.attachments.map(
    (each) => `[attachment: ${each.filename ?? 'without a name'}, ${each.contentType}, ${each.size} octets]`,
  )
  return `${headers.join('\n')}\n\n${mail.text ?? ''}\n${attachments.join('\n')}${attachments.length > 0 ? '\n' : ''}`
}
