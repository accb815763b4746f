/**
 * What the client of an SMTP session sends, as lines and as messages. Everything may come in one piece or byte by
 * byte, before it was asked for or after. A large message is passed on as it comes. Why there is nothing more to come
 * is known afterwards; it is never taken for the end of a message.
 */
import { errnoOf } from '../../errors/errno.ts'
import { DotText } from './dot-text.ts'
import { within, type Patience, type Stop } from './within.ts'

/** The longest command line, in octets: more than any that RFC 5321 and its extensions allow. */
const LONGEST_LINE = 4096
const LF = 0x0a
const CR = 0x0d
const NOTHING: Buffer = Buffer.alloc(0)

/** Why nothing more is read: the client ended, one of us lost patience, or reading failed. */
export type InputEnd = Stop | 'end' | { readonly error: unknown }

/** Reads a client. */
export class SessionInput {
  readonly #source: AsyncIterator<Buffer>
  readonly #patience: Patience
  #buffer = NOTHING
  #end: InputEnd | undefined
  #crlf = true
  #message: DotText | undefined

  constructor(source: AsyncIterable<Buffer>, patience: Patience) {
    this.#source = source[Symbol.asyncIterator]()
    this.#patience = patience
  }

  /** Set once there is nothing more to come. */
  get end(): InputEnd | undefined {
    return this.#end
  }

  /** What came already and was not read, one character for each byte. */
  get waiting(): string {
    return this.#buffer.toString('latin1')
  }

  /**
   * Reads a command line.
   *
   * @returns the line without its end; a cut one when it is longer than a command can be; undefined when there is none
   */
  async line(): Promise<{ readonly text: string; readonly tooLong: boolean } | undefined> {
    if (this.#patience.signal.aborted) this.#end ??= 'signal'
    let kept = NOTHING
    let tooLong = false
    while (this.#end === undefined) {
      const at = this.#buffer.indexOf(LF)
      if (!tooLong) kept = Buffer.concat([kept, at === -1 ? this.#buffer : this.#buffer.subarray(0, at)])
      tooLong ||= kept.length > LONGEST_LINE
      this.#buffer = at === -1 ? NOTHING : this.#buffer.subarray(at + 1)
      if (at !== -1) {
        this.#crlf = kept.at(-1) === CR
        const text = kept.toString('utf8', 0, this.#crlf ? kept.length - 1 : kept.length)
        return { text: tooLong ? '' : text, tooLong }
      }
      await this.#more()
    }
    return undefined
  }

  /**
   * Reads the message after DATA, as it was before its dots were stuffed.
   *
   * @throws Error when the input ends before the message does
   */
  async *message(): AsyncGenerator<Buffer> {
    const text = (this.#message ??= new DotText(this.#crlf))
    while (!text.ended) {
      if (this.#buffer.length === 0) await this.#more()
      if (this.#end !== undefined) throw new Error('the input ended before the message did')
      const piece = text.push(this.#buffer)
      this.#buffer = text.rest
      if (piece.length > 0) yield piece
    }
    this.#message = undefined
  }

  /** Reads what is left of a message that somebody gave up reading, so that the next line is a command. */
  async skipMessage(): Promise<void> {
    if (this.#message === undefined) return
    const rest = this.message()
    try {
      while ((await rest.next()).done !== true);
    } catch {
      // Why there is no more is known to whoever asks for the next line.
    }
  }

  async #more(): Promise<void> {
    try {
      const next = await within(this.#source.next(), this.#patience)
      if ('stop' in next) this.#end = next.stop
      else if (next.done.done === true) this.#end = 'end'
      else this.#buffer = next.done.value
    } catch (error) {
      this.#end = errnoOf(error) === 'ECONNRESET' ? 'end' : { error }
    }
  }
}
