/**
 * The failure of a message that was handed in and not taken for everybody, for callers that want an error where
 * there is one: what the server said, and what became of each recipient.
 */
import { MailError } from '../../errors/mail-error.ts'
import { reportedStatus } from '../../message/report/delivery-status.ts'
import type { Refused } from '../../message/outcome.ts'
import { someOf } from '../../util/some-of.ts'
import { refusalCode } from '../refusal.ts'
import type { SubmitResult } from '../submit.ts'

/** The one status of all refusals, or none: an address is not to suffer for another one. */
function statusOf(refused: readonly Refused[]): string | undefined {
  const statuses = new Set(refused.map((each) => reportedStatus('failed', each)))
  return statuses.size === 1 ? [...statuses][0] : undefined
}

/** Who was refused and why; recipients who were refused in the same words are named together. */
export function refusalWords(refused: readonly Refused[]): string {
  const byReason = new Map<string, string[]>()
  for (const { recipient, reason } of refused)
    byReason.set(reason, [...(byReason.get(reason) ?? []), recipient])
  const sentences = [...byReason].map(
    ([reason, names]) => `${someOf(names)} ${names.length === 1 ? 'was' : 'were'} refused: ${reason}`,
  )
  return someOf(sentences, '; ')
}

function sentenceOf({ problem, refused, unaccepted, queueId }: SubmitResult): string {
  if (problem !== undefined) {
    const lost = unaccepted.length > 0 ? ` (not accepted for ${someOf(unaccepted)})` : ''
    return `${problem.publicMessage}${lost}`
  }
  const kept = queueId === undefined ? 'not kept' : `kept in failed/ as ${queueId}`
  return `${refusalWords(refused)}; the message is ${kept}`
}

/**
 * A message that was not taken for everybody, or that all recipients were refused for. `code` is `MESSAGE_REFUSED` when
 * the server refused the message itself, `RECIPIENT_REFUSED` when it refused recipients, else that of the `problem` of
 * the result; `exitCode` is that of a command with the same result. `dsn` is the enhanced status code of the
 * server's reply, where all refusals have the same, else 5.0.0. `recipient` is set when it is about one only.
 */
export class SubmissionError extends MailError {
  /** What became of each recipient: some may have the message, and it may be kept. */
  readonly result: SubmitResult
  /** The recipients that were refused for good, as errors of nodemailer have them. */
  readonly rejected: readonly string[]
  /** The server's words about the first of them, as errors of nodemailer have them; undefined without a reply. */
  readonly response: string | undefined
  /** The reply code that they begin with. */
  readonly responseCode: number | undefined

  constructor(result: SubmitResult) {
    const { problem, refused, unaccepted } = result
    const failed = [...refused.map(({ recipient }) => recipient), ...unaccepted]
    const [recipient] = failed
    super(problem?.code ?? refusalCode(refused), sentenceOf(result), {
      dsn: problem?.dsn ?? statusOf(refused),
      ...(failed.length === 1 && recipient !== undefined ? { recipient } : {}),
      ...(problem?.cause === undefined ? {} : { cause: problem.cause }),
      ...(problem?.details === undefined ? {} : { details: problem.details }),
    })
    const replied = refused.find(({ code }) => code !== undefined)
    this.result = result
    this.rejected = refused.map((each) => each.recipient)
    this.response = replied?.reason
    this.responseCode = replied?.code
  }
}
