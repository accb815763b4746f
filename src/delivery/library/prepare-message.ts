/**
 * A message as an application hands it over, made ready to be sent: CRLF line ends, Date, Message-ID and From
 * where they are missing, no Bcc; everything else byte for byte. What comes out never changes again.
 */
import { tmpdir } from 'node:os'
import type { Readable } from 'node:stream'
import { completeHeader } from '../../message/complete.ts'
import { joinContent, type MessageContent } from '../../message/content.ts'
import { readMessage } from '../../message/read-message.ts'
import { systemClock, type Clock } from '../../util/clock.ts'
import { hostName } from '../../util/host-name.ts'

/** An RFC 5322 message: text (sent as UTF-8), bytes, or a stream of bytes. */
export type MessageInput = string | Buffer | Readable

/** A message that is ready to go. */
export interface PreparedMessage {
  /** Whoever takes it closes it. */
  readonly content: MessageContent
  readonly messageId: string | undefined
}

async function* bytesOf(stream: Readable): AsyncGenerator<Buffer> {
  for await (const chunk of stream) yield typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Buffer)
}

/**
 * Makes a message ready.
 *
 * @param sender the envelope sender; the empty string is the null sender
 * @throws MailError MESSAGE_MALFORMED, INPUT_UNREADABLE or QUEUE_* (a large message is kept in the temporary
 *   directory while it is read)
 */
export async function prepareMessage(
  input: MessageInput,
  sender: string,
  clock: Clock = systemClock,
): Promise<PreparedMessage> {
  const source =
    typeof input === 'string' ? Buffer.from(input) : Buffer.isBuffer(input) ? input : bytesOf(input)
  const { header, body } = await readMessage(source, { dotEnds: false, spillDirectory: tmpdir() })
  const domain = sender.slice(sender.lastIndexOf('@') + 1)
  const facts = {
    sender,
    from: { address: sender },
    now: clock.now(),
    domain: domain === '' ? hostName() : domain,
  }
  const { bytes, messageId } = completeHeader(header, facts)
  return { content: joinContent(bytes, body), messageId }
}
