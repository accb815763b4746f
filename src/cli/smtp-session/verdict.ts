/**
 * The reply to a message, which is a promise: 2xx only when every recipient's server has it, or it is durably queued,
 * or its sender will learn from a delivery report who did not get it. In every other case the client still has the
 * message and the reply says for whom.
 */
import type { Config } from '../../config/config.ts'
import type { SubmitResult } from '../../delivery/submit.ts'
import type { Envelope } from '../../message/envelope.ts'
import type { Refused } from '../../message/outcome.ts'
import { notifyFor } from '../../message/recipient-request.ts'
import { reply, replyTo, type SmtpReply } from './reply.ts'

type Reporting = Pick<Config, 'bounce' | 'postmaster' | 'queueDir'>

/** Whether the sender wants to be told when the message does not reach this recipient. */
function wantsFailure({ reports }: Envelope, { recipient }: Refused): boolean {
  const notify = notifyFor(reports, recipient)
  return notify.length === 0 || notify.includes('failure')
}

/** Whether reports tell of everybody who was refused: to the sender, who wants them, or to the postmaster. */
export function isReported(
  { bounce, postmaster, queueDir }: Reporting,
  envelope: Envelope,
  { problem, refused }: SubmitResult,
): boolean {
  // A report is made by the queue, of a message that is kept there.
  if (bounce === 'none' || queueDir === undefined || problem !== undefined) return false
  if (envelope.sender === '') return postmaster !== undefined
  return refused.every((each) => wantsFailure(envelope, each))
}

function refusalLine({ recipient, reason, enhanced }: Refused): string {
  const status = enhanced?.startsWith('5.') === true ? enhanced : '5.0.0'
  return `${status} ${recipient} was refused: ${reason}`
}

/** The same words in a reply of another class: all status codes of a reply are of one (RFC 2034 section 4). */
function asClass(line: string, status: string): string {
  return line.replace(/^\S+/, status)
}

/** Neither refused nor taken: to try again is right, even where some have the message already. */
function notTaken({ sent, queued, refused, unaccepted, problem }: SubmitResult): SmtpReply {
  const told = problem === undefined ? undefined : replyTo(problem)
  const why =
    told !== undefined && told.code < 500 ? told.lines : (['4.3.0 the message was not taken'] as const)
  const left =
    sent.length + queued.length === 0
      ? []
      : [`4.3.0 it was not taken for ${unaccepted.join(' ')}; others have it`]
  const rest = [...refused.map((each) => asClass(refusalLine(each), '4.3.0')), ...left]
  return reply(told?.code === 452 ? 452 : 451, ...why, ...rest)
}

function taken({ sent, queued, queueId }: SubmitResult): string {
  if (queued.length > 0) return `2.0.0 Ok: queued as ${queueId ?? 'unknown'}`
  if (sent.length === 0) return '2.0.0 Ok: discarded'
  return `2.0.0 Ok: sent${queueId === undefined ? '' : `, kept as ${queueId}`}`
}

/**
 * What became of a message, as a reply.
 *
 * @param reported see {@link isReported}
 */
export function verdict(result: SubmitResult, reported: boolean): SmtpReply {
  const { sent, queued, refused, unaccepted, queueId } = result
  if (unaccepted.length > 0) return notTaken(result)
  const [first, ...more] = refused.map(refusalLine)
  if (first === undefined) return reply(250, taken(result))
  if (sent.length + queued.length === 0) return reply(554, first, ...more)
  if (reported) {
    const lines = [first, ...more].map((line) => asClass(line, '2.0.0'))
    return reply(250, taken(result), ...lines, '2.0.0 a delivery report says so too')
  }
  const where = queued.length > 0 ? `is queued as ${queueId ?? 'unknown'}` : 'was sent'
  return reply(554, first, ...more, `5.0.0 for all others the message ${where}: do not send it to them again`)
}
