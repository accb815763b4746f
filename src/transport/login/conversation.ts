/**
 * One login with one mechanism over SMTP (RFC 4954): the octets of the mechanism in base64, and what the replies mean.
 */
import { replyFailure, type Failure } from '../failure.ts'
import { oneLine } from '../reply.ts'
import { SaslError, type SaslClient } from '../sasl/sasl.ts'

/** Sends a line and resolves to the whole reply. */
export type Converse = (line: string) => Promise<string>

/** A command line, CRLF included, in octets (RFC 5321 section 4.5.3.1.4, RFC 4954 section 4). */
const LONGEST_COMMAND = 512
/** More than any mechanism needs. */
const MOST_CHALLENGES = 8

/** How one mechanism ended. `next` has not been refused, it just does not work here. */
export type LoginAttempt =
  'done' | { readonly failure: Failure; readonly next: boolean; readonly refused: boolean }

/** An attempt that ended before the server's verdict. */
export const giveUp = (reason: string, next = false): LoginAttempt => ({
  failure: { phase: 'auth', reason: oneLine(reason) },
  next,
  refused: false,
})

/** True for the reply that says "not this mechanism", not "not this password". */
function isUnsupported({ code = 0, reason }: Failure): boolean {
  if (code === 504) return true
  // Google uses it for passwords that it does not take from any mechanism.
  if (code === 534) return !/password|browser/i.test(reason)
  const names = /mechanism|authentication type|auth(?:entication)? method|command/i.test(reason)
  return (
    code >= 500 &&
    code !== 535 &&
    names &&
    /unsupported|not (?:supported|implemented|available)|unrecogni[sz]ed|unknown/i.test(reason)
  )
}

class Conversation {
  readonly #client: SaslClient
  readonly #name: string
  readonly #converse: Converse

  constructor(client: SaslClient, name: string, converse: Converse) {
    this.#client = client
    this.#name = name
    this.#converse = converse
  }

  async run(): Promise<LoginAttempt> {
    let reply = await this.#begin()
    for (let count = 0; reply.startsWith('334'); count++) {
      if (count === MOST_CHALLENGES) return this.#cancel('the server does not stop asking', false)
      try {
        const answer = await this.#client.step(challengeIn(reply))
        reply = await this.#converse(answer.toString('base64'))
      } catch (error) {
        if (!(error instanceof SaslError)) throw error
        return this.#cancel(error.message, error.unusable)
      }
    }
    return this.#verdict(reply)
  }

  /** The first octets go with the command, unless the line gets too long: then the server has to ask for them. */
  async #begin(): Promise<string> {
    const { first } = this.#client
    const command = `AUTH ${this.#name}`
    if (first === undefined) return this.#converse(command)
    const whole = `${command} ${first.length === 0 ? '=' : first.toString('base64')}`
    if (whole.length + 2 <= LONGEST_COMMAND) return this.#converse(whole)
    const reply = await this.#converse(command)
    return reply.startsWith('334') ? this.#converse(first.toString('base64')) : reply
  }

  /** Ends the login, so that the connection can be used for another one (RFC 4954 section 4). */
  async #cancel(reason: string, unusable: boolean): Promise<LoginAttempt> {
    await this.#converse('*')
    return giveUp(`${this.#name}: ${reason}`, unusable)
  }

  #verdict(reply: string): LoginAttempt {
    const failure = replyFailure('auth', reply)
    if (failure.code === 235) {
      const doubt = this.#client.doubt()
      return doubt === undefined ? 'done' : giveUp(`${this.#name}: ${doubt}`)
    }
    const { complaint } = this.#client
    const reason = complaint === undefined ? failure.reason : oneLine(`${failure.reason} (${complaint})`)
    // A 4xx says nothing about the password.
    const refused = (failure.code ?? 0) >= 500
    return { failure: { ...failure, reason }, next: isUnsupported(failure), refused }
  }
}

/** The octets of a challenge. */
function challengeIn(reply: string): Buffer {
  const text = reply.replace(/^334[ -]?/, '').trim()
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) {
    // LOGIN of some servers asks in plain words, and nobody reads them.
    return Buffer.from(text)
  }
  return Buffer.from(text, 'base64')
}

/**
 * Runs a mechanism to its end.
 *
 * @param name of the mechanism, as the server offers it
 */
export function converseBy(client: SaslClient, name: string, converse: Converse): Promise<LoginAttempt> {
  return new Conversation(client, name, converse).run()
}
