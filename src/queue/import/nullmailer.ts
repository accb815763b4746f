/**
 * The queue of nullmailer: the sender, the recipients, one line each, a blank line, then the message. It has no
 * locks: whether its daemon is sending a message right now cannot be seen. Messages in `failed/` were refused.
 */
import { basename } from 'node:path'
import { endsEarly, lookAtName, refuse, type ForeignFormat, type HeadResult } from './format.ts'
import { headLines, type HeadLine } from './head-lines.ts'

const FIELD_NAME = /^[!-9;-~]+[ \t]*:/

/** nullmailer takes no address without a domain. A line of a header is none. */
const isAddressLine = (text: string): boolean => text.includes('@') && !/^[A-Za-z-]+:/.test(text)

function parse(bytes: Buffer, whole: boolean): HeadResult {
  let sender: string | undefined
  const recipients: string[] = []
  for (const line of headLines(bytes)) {
    const { text } = line
    if (sender === undefined) {
      if (text !== '' && text !== '<>' && !isAddressLine(text)) return refuse('its first line is no address')
      sender = text
    } else if (text === '') return parseEnd(bytes, whole, { sender, recipients, line })
    else if (isAddressLine(text)) recipients.push(text)
    else return refuse('the envelope has a line that is no address')
  }
  return endsEarly(whole, 'it ends before its envelope does')
}

interface Envelope {
  readonly sender: string
  readonly recipients: readonly string[]
  /** The blank line. */
  readonly line: HeadLine
}

function parseEnd(bytes: Buffer, whole: boolean, { sender, recipients, line }: Envelope): HeadResult {
  if (recipients.length === 0) return refuse('the envelope has no recipient')
  const start = line.end
  const rest = bytes.toString('latin1', start, start + 1000)
  if (rest === '' || (rest.length < 1000 && !whole)) {
    return endsEarly(whole, 'it has an envelope but no message')
  }
  if (!FIELD_NAME.test(rest)) return refuse('no header follows the envelope')
  return { ok: true, head: { sender, recipients, start } }
}

export const NULLMAILER_FORMAT: ForeignFormat = {
  folders: ['queue', 'failed'],
  look: (spot) => lookAtName(spot, basename(spot.directory) === 'failed'),
  parse,
}
