/**
 * Several transports as one: each takes what the one before it could not deliver for the time being. A recipient
 * that is in doubt is never handed to the next: that could send the message twice. Before the next one is tried, the
 * caller is told who has the message already, and of nothing that may still change.
 */
import type { RecipientOutcome, Refusal } from '../message/outcome.ts'
import type { Delivery, Transport } from '../transport/transport.ts'

/** Which of the outcomes of one transport are left to the next. */
type HandsOn = (outcome: RecipientOutcome) => boolean

const deferred: HandsOn = ({ status }) => status === 'deferred'

const isOfAccount: HandsOn = (outcome) => outcome.status === 'deferred' && outcome.scope === 'account'

/**
 * True for a recipient whom nobody refused: the account could not be used, and another one may stand in for it. A
 * limit of one's own is no failure: above it, and where nobody knows how much is used, mail waits and nobody is asked.
 */
export const accountFailed: HandsOn = (outcome) =>
  outcome.status === 'deferred' &&
  outcome.scope === 'account' &&
  outcome.trouble !== 'limit' &&
  outcome.trouble !== 'uncounted'

/**
 * Joins transports, in the order they are tried.
 *
 * @param handsOn never true for a recipient who has the message, or may have it
 */
export function transportChain(
  transports: readonly Transport[],
  handsOn: HandsOn = deferred,
): Transport | undefined {
  const [first, ...others] = transports
  if (first === undefined || others.length === 0) return first
  return {
    name: transports.map((transport) => transport.name).join(', '),
    send: (delivery, signal) => sendThrough(transports, delivery, signal, handsOn),
    ready: (signal) => firstReady(transports, signal, handsOn),
    close: async () => {
      await Promise.all(transports.map((transport) => transport.close()))
    },
  }
}

/** Why none of them can be used now; undefined as soon as one can. */
async function firstReady(
  transports: readonly Transport[],
  signal: AbortSignal | undefined,
  handsOn: HandsOn,
): Promise<Refusal | undefined> {
  let first: Refusal | undefined
  const times: (number | undefined)[] = []
  for (const transport of transports) {
    const refused = await transport.ready?.(signal)
    if (refused === undefined) return undefined
    first ??= refused
    times.push(refused.retryAt)
    const goesOn = refused.scope === 'account' && handsOn({ ...refused, recipient: '' })
    if (!goesOn || signal?.aborted === true) break
  }
  return first && soonest(first, times)
}

/** A chain can be tried again as soon as one of its transports can. */
function soonest<T extends Refusal>(first: T, times: readonly (number | undefined)[]): T {
  const known = times.filter((time) => time !== undefined)
  if (known.length < times.length || first.retryAt === undefined) return first
  return { ...first, retryAt: Math.min(...known) }
}

/**
 * Which of two outcomes of a recipient counts. The later one does, with one exception: where this message may have
 * made the first server end the session, that stays the outcome although the second account cannot be used either.
 * Else the message would not be rescheduled, and stay the first in the queue for ever.
 */
function weightier(before: RecipientOutcome | undefined, later: RecipientOutcome): RecipientOutcome {
  const mayBeToBlame = before?.status === 'deferred' && before.scope === 'account' && before.underWay === true
  return mayBeToBlame && isOfAccount(later) ? before : later
}

/** Tells the caller of outcomes, each once, as far as no other transport can change them. */
function tellFinal({ onOutcomes }: Delivery, handsOn: HandsOn): NonNullable<Delivery['onOutcomes']> {
  const told = new Set<string>()
  return async (outcomes) => {
    const isFinal = (outcome: RecipientOutcome): boolean => !handsOn(outcome) && !isOfAccount(outcome)
    const news = outcomes.filter((outcome) => isFinal(outcome) && !told.has(outcome.recipient))
    if (news.length === 0) return
    await onOutcomes?.(news)
    for (const { recipient } of news) told.add(recipient)
  }
}

async function sendThrough(
  transports: readonly Transport[],
  delivery: Delivery,
  signal: AbortSignal | undefined,
  handsOn: HandsOn,
): Promise<RecipientOutcome[]> {
  const outcomes = new Map<string, RecipientOutcome>()
  const onOutcomes = tellFinal(delivery, handsOn)
  let rest = delivery.envelope.recipients
  for (const transport of transports) {
    const envelope = { ...delivery.envelope, recipients: rest }
    const brought = await transport.send({ ...delivery, envelope, onOutcomes }, signal)
    for (const outcome of brought) {
      outcomes.set(outcome.recipient, weightier(outcomes.get(outcome.recipient), outcome))
    }
    const left = new Set(brought.filter(handsOn).map(({ recipient }) => recipient))
    rest = rest.filter((recipient) => left.has(recipient))
    if (rest.length === 0 || signal?.aborted === true || transport === transports.at(-1)) break
    // Who has the message is stored before another server gets it for the rest.
    if (!(await isFulfilled(onOutcomes(brought)))) break
  }
  return delivery.envelope.recipients.flatMap((recipient) => outcomes.get(recipient) ?? [])
}

/** What cannot be stored now is stored, or complained about, by the caller in the end. */
async function isFulfilled(promise: Promise<void>): Promise<boolean> {
  return promise.then(
    () => true,
    () => false,
  )
}
