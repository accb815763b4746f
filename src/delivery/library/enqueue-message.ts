/**
 * Storing a message before anything else is tried: the "conservative message sending" of docs. With
 * `inProgress` the message is stored and claimed in one step, so that it survives a crash of this program at
 * any moment and no other runner sends it meanwhile.
 */
import type { MessageServer } from '../../config/config.ts'
import { MailError } from '../../errors/mail-error.ts'
import type { ReportRequest } from '../../message/envelope.ts'
import type { Claim, Handling, NewMessage, QueueStore, Runner } from '../../queue/store.ts'
import { queueIn } from '../configured.ts'
import { givenEnvelope, type Addresses } from './given-envelope.ts'
import { prepareMessage, type MessageInput } from './prepare-message.ts'
import { LATEST_TIME } from '../../util/clock.ts'

/** How a message is stored. */
export interface EnqueueMessageOptions extends Addresses, Handling {
  /** Claims the message for this process: hand it to a MessageHandler next, or release it. */
  readonly inProgress?: boolean
  /** The account it goes over, as `accounts` of the settings of the run has it; `default` when left out. */
  readonly account?: string
  /** The server it goes to instead of the account's, without a login unless it is the same host. */
  readonly server?: MessageServer
  /** Which delivery reports the sender wants (RFC 3461); requests about those who are no recipients are dropped. */
  readonly reports?: ReportRequest
}

/** A message in the queue. */
export interface QueuedReference {
  readonly queueId: string
}

/** A claimed message and what has to be ended after it. */
export interface Taken {
  readonly claim: Claim
  /** The queue it is in. */
  readonly queue: QueueStore
  /** Frees everything, whatever became of the claim. Never rejects: what became of the message is decided. */
  readonly end: () => Promise<void>
}

/** A message in the queue that this process has claimed. It is sent once, or released. */
export interface InProgressMessage extends QueuedReference {
  /**
   * Hands the claim over.
   *
   * @throws MailError USAGE when the message was sent or released before
   * @internal
   */
  takeClaim(): Taken
  /**
   * Leaves the message to the next run of the queue. Does nothing once it was sent or released.
   *
   * @throws MailError QUEUE_* when it stays claimed until a run recovers it
   */
  release(): Promise<void>
}

/** The queue that a call means: one that is open, or the one in a directory. */
async function openQueue(queue: QueueStore | string): Promise<QueueStore> {
  return typeof queue === 'string' ? queueIn(queue) : queue
}

/**
 * Stores a message durably.
 *
 * @param input the message
 * @param queue a queue, or the absolute path of its directory
 * @returns once the message is on stable storage: its queue id, and with `inProgress` the claim
 * @throws MailError ADDRESS_INVALID, NO_RECIPIENTS, USAGE for an option that cannot be, MESSAGE_MALFORMED or QUEUE_*;
 *   nothing was stored then
 */
export async function enqueueMessage(
  input: MessageInput,
  queue: QueueStore | string,
  options: EnqueueMessageOptions & { readonly inProgress: true },
): Promise<InProgressMessage>
export async function enqueueMessage(
  input: MessageInput,
  queue: QueueStore | string,
  options: EnqueueMessageOptions,
): Promise<QueuedReference>
export async function enqueueMessage(
  input: MessageInput,
  queue: QueueStore | string,
  options: Partial<EnqueueMessageOptions> = {},
): Promise<QueuedReference | InProgressMessage> {
  const { account, server, reports } = options
  const addressed = givenEnvelope(options, reports)
  const store = await openQueue(queue)
  const { content } = await prepareMessage(input, addressed.sender)
  let kept = false
  try {
    const message = {
      ...handlingOf(options),
      envelope: addressed,
      content,
      ...(account === undefined ? {} : { account }),
      ...(server === undefined ? {} : { server }),
    }
    if (options.inProgress !== true) return { queueId: await store.enqueue(message) }
    const inProgress = await claimed(store, message)
    kept = true
    return inProgress
  } finally {
    // A message in progress is read again when it is sent.
    if (!kept) content.close()
  }
}

/** How the queue is to treat a message, without what else the caller gives. @throws MailError USAGE */
export function handlingOf({ expires, batch, priority, notBefore }: Handling): Handling {
  if (priority !== undefined && !(Number.isInteger(priority) && priority >= 0 && priority <= 9)) {
    throw new MailError('USAGE', 'the priority of a message has to be a whole number from 0 to 9')
  }
  for (const [name, time] of Object.entries({ notBefore, expires })) {
    if (time === undefined || (time >= 0 && time <= LATEST_TIME)) continue
    const sentence = `${name} has to be a time in milliseconds since the epoch, before the year 10000`
    throw new MailError('USAGE', sentence)
  }
  return {
    ...(expires === undefined ? {} : { expires }),
    ...(batch === undefined ? {} : { batch }),
    ...(priority === undefined ? {} : { priority }),
    ...(notBefore === undefined ? {} : { notBefore }),
  }
}

async function claimed(store: QueueStore, message: NewMessage): Promise<InProgressMessage> {
  const runner = await store.openRunner('submit')
  try {
    return inProgress(store, await store.enqueueClaimed(message, runner), runner, message)
  } catch (error) {
    await runner.close().catch(() => undefined)
    throw error
  }
}

function inProgress(
  queue: QueueStore,
  claim: Claim,
  runner: Runner,
  { content }: NewMessage,
): InProgressMessage {
  let taken = false
  const end = async (): Promise<void> => {
    content.close()
    // Not yet durable is only that the message is gone from cur/: its journal stays, and says who has it.
    await runner.close().catch(() => undefined)
  }
  return {
    queueId: claim.message.id,
    takeClaim: () => {
      if (taken) throw new MailError('USAGE', `the message ${claim.message.id} was sent or released already`)
      taken = true
      return { claim, queue, end }
    },
    release: async () => {
      if (taken) return
      taken = true
      try {
        await claim.release()
      } finally {
        await end()
      }
    },
  }
}
