/**
 * The changes an administrator can make to a message, as a table: what is noted about it, and where it goes then.
 */
import { dedupe, envelopeAddress } from '../message/address.ts'
import { envelope } from '../message/recipients.ts'
import { isGivenUp } from '../queue/recipient-state.ts'
import type { Claim, Disposition } from '../queue/store.ts'
import type { Administration } from './administer.ts'
import { makeFailureReport } from './reports.ts'

/** One change. */
export type Change =
  /** Not tried until it is released. */
  | { readonly action: 'hold'; readonly why?: string | undefined }
  /** Tried again, at once. */
  | { readonly action: 'release' }
  /** Due at once; who was refused or given up gets it again. */
  | { readonly action: 'retry' }
  /** As if it had just been queued: age, attempts and priority begin anew. */
  | { readonly action: 'requeue' }
  | { readonly action: 'delete' }
  /** Given up, as if it were too old. */
  | { readonly action: 'expire' }
  /** Given up, and the sender is told, also where senders are not told by themselves. */
  | { readonly action: 'bounce' }
  | Edit

/** Changes of the envelope and the priority; what is left out stays as it is. */
export interface Edit {
  readonly action: 'edit'
  readonly sender?: string | undefined
  readonly add?: readonly string[] | undefined
  readonly remove?: readonly string[] | undefined
  /** 0 (most urgent) to 9. */
  readonly priority?: number | undefined
}

/** The name of a change. */
export type Action = Change['action']

type Decision = Disposition | { readonly unchanged: string }
type Rule<C extends Change> = (
  claim: Claim,
  administration: Administration,
  change: C,
) => Decision | Promise<Decision>

const DEFAULT_PRIORITY = 5
const unchanged = (why: string): Decision => ({ unchanged: why })
const keep = ({ message }: Claim): Disposition => ({ action: 'retry', at: message.nextAttempt })
const now = ({ context }: Administration): Disposition => ({ action: 'retry', at: context.clock.now() })

async function giveUp(claim: Claim, by: string): Promise<void> {
  const recipients = claim.pending
  if (recipients.length > 0) await claim.note({ event: 'expire', recipients, by, why: `given up by ${by}` })
}

async function edit(claim: Claim, administration: Administration, change: Edit): Promise<Decision> {
  const { message } = claim
  const { by } = administration
  const { sender, add = [], remove = [] } = change
  const known = new Set(message.recipients.map(({ recipient }) => recipient))
  const missing = remove.find((recipient) => !claim.pending.includes(recipient))
  if (missing !== undefined) {
    return unchanged(
      known.has(missing)
        ? `nothing is to be sent to ${missing} any more, so it cannot be taken off`
        : `${missing} is not among the recipients`,
    )
  }
  // Refuses what would not survive the way through the queue.
  const { sender: from } = envelope(sender ?? message.envelope.sender, message.envelope.recipients)
  const fresh = dedupe(add.map((address) => envelopeAddress(address, 'recipient')))
  if (sender !== undefined || fresh.length > 0) {
    await claim.note({
      event: 'edit',
      by,
      ...(sender === undefined ? {} : { sender: from }),
      ...(fresh.length === 0 ? {} : { added: fresh }),
    })
  }
  if (remove.length > 0)
    await claim.note({ event: 'cancel', recipients: remove, by, why: `taken off by ${by}` })
  return keep(claim)
}

const RULES: { readonly [A in Action]: Rule<Extract<Change, { action: A }>> } = {
  hold: ({ message, pending }, { by }, { why }) => {
    if (pending.length === 0) return unchanged('nothing is left to be sent, so it cannot be held')
    if (message.held !== undefined) return unchanged('it is held already')
    return { action: 'hold', by, why: why ?? `held by ${by}` }
  },
  release: async (claim, administration) => {
    if (claim.message.held === undefined) return unchanged('it is not held')
    await claim.note({ event: 'release', by: administration.by, why: 'asked for' })
    return now(administration)
  },
  retry: async (claim, administration) => {
    const { message } = claim
    if (message.held !== undefined || message.recipients.some(isGivenUp)) {
      await claim.note({ event: 'retry', by: administration.by, why: 'asked for' })
    }
    return now(administration)
  },
  requeue: async (claim, administration) => {
    await claim.note({ event: 'requeue', by: administration.by, why: 'asked for' })
    return now(administration)
  },
  delete: () => ({ action: 'discard' }),
  expire: async (claim, { by }) => {
    if (claim.pending.length === 0) return unchanged('nothing is left to be given up')
    await giveUp(claim, by)
    return keep(claim)
  },
  bounce: async (claim, administration) => {
    if (claim.message.envelope.sender === '') {
      return unchanged('it is from the null sender, so there is nobody to be told')
    }
    await giveUp(claim, administration.by)
    if (!claim.message.recipients.some(isGivenUp)) return unchanged('everybody has it')
    await makeFailureReport(claim, { ...administration, remote: '' })
    return keep(claim)
  },
  edit,
}

/**
 * Notes a change and decides where the message goes.
 *
 * @returns where, or why the change makes no sense for the message, which is as it was then
 * @throws MailError ADDRESS_INVALID for an address that cannot be used, QUEUE_* when it cannot be noted
 */
export async function dispositionFor(
  claim: Claim,
  change: Change,
  administration: Administration,
): Promise<Decision> {
  const rule = RULES[change.action] as Rule<Change>
  return rule(claim, administration, change)
}

/** The priority of the message afterwards; undefined when it stays. */
export function priorityFor(change: Change): number | undefined {
  if (change.action === 'requeue') return DEFAULT_PRIORITY
  return change.action === 'edit' ? change.priority : undefined
}
