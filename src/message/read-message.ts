/**
 * Reads a message from a caller: header and body apart, CRLF line ends, without ever holding a large body in
 * memory. Either the whole message was read, or there is an error and nothing is left open.
 */
import { describeError } from '../errors/errno.ts'
import { MailError } from '../errors/mail-error.ts'
import { BodyStore } from './body-store.ts'
import type { MessageContent } from './content.ts'
import { HeaderSplitter, type HeaderBlock } from './header-block.ts'
import { RawSplitter } from './raw-splitter.ts'
import { WireText } from './wire-text.ts'

/** How many octets are converted at a time. */
const PIECE = 256 * 1024

/** A message as it came in, not yet completed. */
export interface IncomingMessage {
  readonly header: HeaderBlock
  /** Everything after the blank line; whoever takes the message closes it. */
  readonly body: MessageContent
  /** How many NUL bytes were left out. */
  readonly nulBytes: number
}

/** How and where to read. */
export interface ReadOptions {
  /** A line with a single dot ends the message, as `sendmail` without `-i` has it. */
  readonly dotEnds: boolean
  /** Directory for a body of more than 1 MB; the file in it has no name and vanishes with the process. */
  readonly spillDirectory: string
  /** The body stays as it came, byte for byte, for composing: only the header becomes wire text. */
  readonly rawBody?: boolean
}

/**
 * Reads one message.
 *
 * @param input any bytes; reading stops at the lone dot when that ends the message
 * @param options see {@link ReadOptions}
 * @returns the message; an empty input is a message with an empty header and an empty body
 * @throws MailError INPUT_UNREADABLE when the input fails, MESSAGE_MALFORMED when its header block is too large,
 *   QUEUE_FULL, QUEUE_IO or QUEUE_DENIED when a large body cannot be kept
 */
export async function readMessage(
  input: AsyncIterable<Buffer> | Buffer,
  options: ReadOptions,
): Promise<IncomingMessage> {
  const text = new WireText(options)
  const raw = options.rawBody === true ? new RawSplitter() : undefined
  const splitter = raw ?? new HeaderSplitter()
  const body = new BodyStore(options.spillDirectory)
  let header: HeaderBlock | undefined
  try {
    const chunks = Buffer.isBuffer(input) ? [input] : input
    for await (const piece of raw === undefined ? wirePieces(chunks, text) : chunks) {
      const split = header === undefined ? splitter.push(piece) : undefined
      header ??= split?.header
      if (header !== undefined) await body.append(split === undefined ? piece : split.rest)
    }
    if (header === undefined) {
      const last = splitter.end()
      header = last.header
      await body.append(last.rest)
    }
    return { header, body: await body.finish(), nulBytes: (raw ?? text).nulBytes }
  } catch (error) {
    body.discard()
    if (error instanceof MailError) throw error
    throw new MailError('INPUT_UNREADABLE', `cannot read the message: ${describeError(error)}`, {
      cause: error,
    })
  }
}

/** The input as wire text, in pieces of limited size however large its chunks are. */
async function* wirePieces(
  chunks: AsyncIterable<Buffer> | readonly Buffer[],
  text: WireText,
): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    for (let start = 0; start < chunk.length; start += PIECE) {
      yield text.push(chunk.subarray(start, start + PIECE))
      if (text.ended) return
    }
  }
  yield text.end()
}
