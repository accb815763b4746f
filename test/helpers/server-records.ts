/** What a scripted server writes down about its replies. */
import type { Step } from './scripted-server.ts'

/** One transaction as it came over the wire. */
export interface RecordedTransaction {
  readonly connection: number
  readonly mailFrom: string
  /** What followed the address in MAIL, such as `SIZE=10 BODY=8BITMIME`. */
  readonly params: string
  /** Recipients that were accepted. */
  readonly rcptTo: string[]
  /** The message without its dot-stuffing and without the final dot. */
  data: Buffer
  dotReceived: boolean
  /** The final reply was 2xx, and was sent. */
  accepted: boolean
  /** The reply to the message that was sent, at DATA, early or at the end; empty when there was none. */
  reply: string
  /** When MAIL came and when the final dot came, milliseconds since the epoch; 0 when it did not. */
  readonly startedAt: number
  dotAt: number
}

/** A 4xx or 5xx that was sent within a transaction. */
export interface Refusal {
  readonly mailFrom: string
  /** The recipient; empty when the reply is about all of them. */
  readonly address: string
  readonly reply: string
}

/** What the sessions of a server write down. */
export interface Records {
  readonly transactions: RecordedTransaction[]
  readonly commands: string[]
  readonly refusals: Refusal[]
}

/** Steps whose replies decide about a sender, a recipient or a message. */
const DECIDING: readonly Step[] = ['mail', 'rcpt', 'data', 'dot']

/**
 * Writes a reply down.
 *
 * @param current the transaction that it belongs to
 */
export function noteReply(
  { refusals }: Records,
  current: RecordedTransaction | undefined,
  { step, reply, address }: { readonly step: Step; readonly reply: string; readonly address: string },
): void {
  const refuses = /^[45]/.test(reply)
  if (refuses && DECIDING.includes(step)) {
    const mailFrom = step === 'mail' ? address : (current?.mailFrom ?? '')
    refusals.push({ mailFrom, address: step === 'rcpt' ? address : '', reply })
  }
  if (current === undefined || (step !== 'dot' && (step !== 'data' || !refuses))) return
  current.reply = reply
  current.accepted = step === 'dot' && reply.startsWith('2')
}
