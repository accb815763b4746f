/**
 * The replies after the final dot of an LMTP transaction, one for each recipient (RFC 2033 section 4.2). They are
 * read from the wire itself: when the connection breaks, the protocol engine forgets those that came in time.
 */

/** A reply line that is not the last one of its reply. */
const CONTINUED = /^\d{3}-/
/** What is as good as a refusal although its line was cut off. */
const REFUSED = /^[45]\d\d[ -]/

/** Collects the replies of one transaction. */
export class DotReplies {
  readonly #replies: string[] = []
  /** Replies that belong to commands: MAIL, each RCPT and DATA. */
  #before: number
  #open = ''
  #lines = ''

  /** @param recipients how many were named, whether accepted or not */
  constructor(recipients: number) {
    this.#before = recipients + 2
  }

  /** Those that came after the reply to DATA. */
  get complete(): readonly string[] {
    return this.#replies
  }

  /** Takes what the server sent. */
  push(chunk: Buffer): void {
    const lines = (this.#open + chunk.toString('latin1')).split(/\r?\n/)
    this.#open = lines.pop() ?? ''
    for (const line of lines) {
      if (line.trim() === '' && this.#lines === '') continue
      this.#lines += this.#lines === '' ? line : `\n${line}`
      if (!CONTINUED.test(line)) this.#take()
    }
  }

  /**
   * Gives each recipient its reply.
   *
   * @param accepted the accepted recipients, in the order they were named
   * @param over nothing more will come, so that the beginning of a refusal counts
   * @returns the replies of those that have one
   */
  assign(accepted: readonly string[], over: boolean): ReadonlyMap<string, string> {
    const cutOff = [this.#lines, this.#open].filter((text) => text !== '').join('\n')
    const replies = over && REFUSED.test(cutOff) ? [...this.#replies, utf8(cutOff)] : this.#replies
    return new Map(accepted.slice(0, replies.length).map((one, place) => [one, replies[place] ?? '']))
  }

  #take(): void {
    if (this.#before > 0) this.#before--
    else this.#replies.push(utf8(this.#lines))
    this.#lines = ''
  }
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8')
}
