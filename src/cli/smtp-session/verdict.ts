/**
 * The reply to a message, which is a promise: 2xx only when every recipient's server has it, or it is durably queued,
 * or its sender will learn from a delivery report who did not get it. In every other case the client still has the
 * message and the reply says for whom.
 */
import type { SubmitResult } from '../../delivery/submit.ts'
import type { Refused } from '../../message/outcome.ts'
import { reply, replyTo, type SmtpReply } from './reply.ts'

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

/** What became of a message, as a reply. */
export function verdict(result: SubmitResult): SmtpReply {
  const { sent, queued, refused, reported, unaccepted, queueId } = result
  if (unaccepted.length > 0) return notTaken(result)
  const [first, ...more] = refused.map(refusalLine)
  if (first === undefined) return reply(250, taken(result))
  if (sent.length + queued.length === 0) return reply(554, first, ...more)
  if (refused.every(({ recipient }) => reported.includes(recipient))) {
    const lines = [first, ...more].map((line) => asClass(line, '2.0.0'))
    return reply(250, taken(result), ...lines, '2.0.0 a delivery report says so too')
  }
  const where = queued.length > 0 ? `is queued as ${queueId ?? 'unknown'}` : 'was sent'
  return reply(554, first, ...more, `5.0.0 for all others the message ${where}: do not send it to them again`)
}
