/**
 * Replies of an SMTP session (RFC 5321 section 4.2), and how they get to the client. A reply never has more or other
 * lines than it should, whoever's words are in it. A client that is gone is no error: whoever sends is told.
 */
import type { Writable } from 'node:stream'
import { MailError } from '../../errors/mail-error.ts'
import { foreignText } from '../../message/foreign-text.ts'
import { within, type Patience } from './within.ts'

/** A reply. Each line begins with the enhanced status code (RFC 2034), where the reply has one. */
export interface SmtpReply {
  readonly code: number
  readonly lines: readonly [string, ...(readonly string[])]
}

/** A line has at most 512 octets (RFC 5321 section 4.5.3.1.5). */
const LONGEST = 500

/** Makes a reply. */
export function reply(code: number, ...lines: SmtpReply['lines']): SmtpReply {
  return { code, lines }
}

/** Thrown by a command that is not obeyed. */
export class RefusedCommand extends Error {
  readonly reply: SmtpReply

  constructor(...[code, ...lines]: Parameters<typeof reply>) {
    super(lines[0])
    this.reply = reply(code, ...lines)
  }
}

/** Failures that the client is to blame for. All others may pass, whatever a command would do about them. */
const PERMANENT: Readonly<Partial<Record<MailError['code'], number>>> = {
  ADDRESS_INVALID: 553,
  MESSAGE_MALFORMED: 554,
  USAGE: 501,
}

/** What a client is told of a failure. */
export function replyTo(error: MailError): SmtpReply {
  const permanent = PERMANENT[error.code]
  if (permanent !== undefined) return reply(permanent, `${error.dsn} ${error.publicMessage}`)
  return reply(error.code === 'QUEUE_FULL' ? 452 : 451, `4${error.dsn.slice(1)} ${error.publicMessage}`)
}

/** The reply as it goes over the wire. */
export function formatReply({ code, lines }: SmtpReply): string {
  return lines
    .map((line, at) => `${String(code)}${at < lines.length - 1 ? '-' : ' '}${foreignText(line, LONGEST)}\r\n`)
    .join('')
}

/** Sends replies. */
export class ReplyWriter {
  readonly #stream: Writable
  readonly #patience: Patience
  #failure: unknown

  constructor(stream: Writable, patience: Patience) {
    this.#stream = stream
    this.#patience = patience
    stream.on('error', (error) => (this.#failure ??= error))
  }

  /** Why the client does not get replies any more; undefined as long as it does. */
  get failure(): unknown {
    return this.#failure
  }

  /** Sends a reply. @returns once it is with the system; false when the client does not get it */
  async send(given: SmtpReply): Promise<boolean> {
    if (this.#failure !== undefined) return false
    const written = new Promise<void>((resolve) => {
      this.#stream.write(formatReply(given), (error) => {
        if (error) this.#failure ??= error
        resolve()
      })
    })
    const waited = await within(written, this.#patience)
    // What the system could take at once it has taken; a client that reads nothing for so long is stuck.
    if ('stop' in waited && waited.stop === 'idle') this.#failure ??= new Error('the client reads no replies')
    return this.#failure === undefined
  }
}
