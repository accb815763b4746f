/**
 * The changes an administrator can make to a message, as a table: what it makes no sense for, what is noted about it,
 * and where the message goes then.
 */
import { dedupe, envelopeAddress, sameAddress } from '../message/address/address.ts'
import { envelope } from '../message/recipients.ts'
import { isGivenUp, isUnfinished } from '../queue/journal/recipient-state.ts'
import type { Claim, Disposition, Note, QueuedMessage, QueueStore } from '../queue/store.ts'
import type { DeliveryContext } from './context.ts'
import { makeFailureReport } from './report/reports.ts'

/** What administration needs. */
export interface Administration {
  readonly queue: QueueStore
  readonly context: DeliveryContext
  /** Who does it, for the journal. */
  readonly by: string
}

/** One change. */
export type Change =
  /** Not tried until it is released. */
  | { readonly action: 'hold'; readonly why?: string | undefined }
  /** Tried again, at once or as soon as it may be sent. */
  | { readonly action: 'release' }
  /** Due at once, also before it was to be sent; who was refused or given up gets it again. */
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
  /** The account it goes over from now on, to that account's server, and at once. */
  readonly account?: string | undefined
  /** 0 (most urgent) to 9. */
  readonly priority?: number | undefined
}

/** The name of a change. */
export type Action = Change['action']

interface Rule<C extends Change> {
  /** Why the change makes no sense for the message; undefined when it does. */
  readonly refuses: (message: QueuedMessage, change: C) => string | undefined
  /** Notes the change. */
  readonly apply: (
    claim: Claim,
    administration: Administration,
    change: C,
  ) => Disposition | Promise<Disposition>
}

const DEFAULT_PRIORITY = 5
const keep = ({ message }: Claim): Disposition => ({ action: 'retry', at: message.nextAttempt })
const now = ({ context }: Administration): Disposition => ({ action: 'retry', at: context.clock.now() })
/** Now, or when it may be sent. */
const soon = ({ message }: Claim, { context }: Administration): Disposition => ({
  action: 'retry',
  at: Math.max(context.clock.now(), message.notBefore ?? 0),
})
const nothingLeft = ({ recipients }: QueuedMessage): boolean => !recipients.some(isUnfinished)

/** Who did not get the message, or will not once it is given up, and of whom the sender has not heard. */
const untold = ({ recipients }: QueuedMessage): boolean =>
  recipients.some((state) => isUnfinished(state) || (isGivenUp(state) && !state.reported))

async function giveUp(claim: Claim, by: string): Promise<void> {
  const recipients = claim.pending
  if (recipients.length > 0) await claim.note({ event: 'expire', recipients, by, why: `given up by ${by}` })
}

/** The recipient of the message that an address means. */
const find = ({ recipients }: QueuedMessage, address: string) =>
  recipients.find(({ recipient }) => sameAddress(recipient, address))

function refuseEdit(message: QueuedMessage, { sender, add = [], remove = [] }: Edit): string | undefined {
  // Refuses what would not survive the way through the queue.
  envelope(sender ?? message.envelope.sender, [...message.envelope.recipients, ...add])
  for (const address of remove) {
    const state = find(message, address)
    if (state === undefined) return `${address} is not among the recipients`
    if (!isUnfinished(state)) return `nothing is to be sent to ${address} any more, so it cannot be taken off`
  }
  for (const address of add) {
    const state = find(message, address)
    if (state?.status === 'delivered') return `${address} has the message already`
    if (state !== undefined && isUnfinished(state)) return `${address} is among the recipients already`
  }
  return undefined
}

async function edit(claim: Claim, administration: Administration, change: Edit): Promise<Disposition> {
  const { by } = administration
  const { message } = claim
  const { sender, account, add = [], remove = [] } = change
  // A recipient who comes back is written as before, since the journal knows it by that name.
  const added = dedupe(
    add.map((address) => find(message, address)?.recipient ?? envelopeAddress(address, 'recipient')),
  )
  const recipients = remove.map((address) => find(message, address)?.recipient ?? address)
  const notes: Note[] = []
  if (sender !== undefined || account !== undefined || added.length > 0) {
    notes.push({
      event: 'edit',
      by,
      ...(sender === undefined ? {} : { sender: sender === '' ? '' : envelopeAddress(sender, 'sender') }),
      ...(account === undefined ? {} : { account }),
      ...(added.length === 0 ? {} : { added }),
    })
  }
  if (recipients.length > 0) notes.push({ event: 'cancel', recipients, by, why: `taken off by ${by}` })
  // In one write: a crash must not make half of an edit.
  if (notes.length > 0) await claim.note(...notes)
  // What it has waited for was the other account, or its time.
  return account === undefined ? keep(claim) : soon(claim, administration)
}

const RULES: { readonly [A in Action]: Rule<Extract<Change, { action: A }>> } = {
  hold: {
    refuses: (message) => {
      if (nothingLeft(message)) return 'nothing is left to be sent, so it cannot be held'
      return message.held === undefined ? undefined : 'it is held already'
    },
    apply: (_, { by }, { why }) => ({ action: 'hold', by, why: why ?? `held by ${by}` }),
  },
  release: {
    refuses: ({ held }) => (held === undefined ? 'it is not held' : undefined),
    apply: async (claim, administration) => {
      await claim.note({ event: 'release', by: administration.by, why: 'asked for' })
      return soon(claim, administration)
    },
  },
  retry: {
    refuses: () => undefined,
    apply: async (claim, administration) => {
      const { message } = claim
      if (message.held !== undefined || message.recipients.some(isGivenUp)) {
        await claim.note({ event: 'retry', by: administration.by, why: 'asked for' })
      }
      return now(administration)
    },
  },
  requeue: {
    refuses: () => undefined,
    apply: async (claim, administration) => {
      await claim.note({ event: 'requeue', by: administration.by, why: 'asked for' })
      return now(administration)
    },
  },
  delete: { refuses: () => undefined, apply: () => ({ action: 'discard' }) },
  expire: {
    refuses: (message) => (nothingLeft(message) ? 'nothing is left to be given up' : undefined),
    apply: async (claim, { by }) => {
      await giveUp(claim, by)
      return keep(claim)
    },
  },
  bounce: {
    refuses: (message) => {
      if (message.envelope.sender === '') return 'it is from the null sender, so there is nobody to be told'
      if (untold(message)) return undefined
      return message.recipients.some(isGivenUp) ? 'its sender was told already' : 'everybody has it'
    },
    apply: async (claim, administration) => {
      await giveUp(claim, administration.by)
      await makeFailureReport(claim, { ...administration, remote: '' })
      return keep(claim)
    },
  },
  edit: { refuses: refuseEdit, apply: edit },
}

/** The rule of a change. The type of a change and that of its rule belong together by the table. */
const ruleOf = ({ action }: Change): Rule<Change> => RULES[action] as Rule<Change>

/**
 * Why a change makes no sense for a message; undefined when it does.
 *
 * @throws MailError ADDRESS_INVALID for an address that cannot be used
 */
export function refusalOf(message: QueuedMessage, change: Change): string | undefined {
  return ruleOf(change).refuses(message, change)
}

/**
 * Notes a change that makes sense, and decides where the message goes.
 *
 * @throws when it cannot be noted, or a report cannot be made; a part of it may have been noted then
 */
export async function applyChange(
  claim: Claim,
  change: Change,
  administration: Administration,
): Promise<Disposition> {
  return ruleOf(change).apply(claim, administration, change)
}

/** The priority of the message afterwards; undefined when it stays. */
export function priorityFor(change: Change): number | undefined {
  if (change.action === 'requeue') return DEFAULT_PRIORITY
  return change.action === 'edit' ? change.priority : undefined
}
