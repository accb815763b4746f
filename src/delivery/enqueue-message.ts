/**
 * Storing a message before anything else is tried: the "conservative message sending" of docs. With
 * `inProgress` the message is stored and claimed in one step, so that it survives a crash of this program at
 * any moment and no other runner sends it meanwhile.
 */
import { envelope } from '../message/recipients.ts'
import type { Claim, QueueStore, Runner } from '../queue/store.ts'
import { queueIn } from './configured.ts'
import { prepareMessage, type MessageInput } from './prepare-message.ts'

/** Sender and recipients of a call. */
export interface Addresses {
  /** The envelope sender; the empty string is the null sender. */
  readonly sender: string
  readonly recipients: readonly string[] | string
}

/** How a message is stored. */
export interface EnqueueMessageOptions extends Addresses {
  /** Claims the message for this process: hand it to a MessageHandler next, or release it. */
  readonly inProgress?: boolean
}

/** A message in the queue. */
export interface QueuedReference {
  readonly queueId: string
}

/** A message in the queue that this process has claimed. It must be sent or released. */
export interface InProgressMessage extends QueuedReference {
  /** @internal */
  readonly claim: Claim
  /** @internal */
  readonly runner: Runner
  /** Leaves the message to the next run of the queue. */
  release(): Promise<void>
}

/** The recipients of a call as a list. */
export function recipientList(recipients: readonly string[] | string): readonly string[] {
  return typeof recipients === 'string' ? [recipients] : recipients
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
 * @throws MailError ADDRESS_INVALID, NO_RECIPIENTS, MESSAGE_MALFORMED or QUEUE_*; nothing was stored then
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
  options: EnqueueMessageOptions,
): Promise<QueuedReference | InProgressMessage> {
  const addressed = envelope(options.sender, recipientList(options.recipients))
  const store = await openQueue(queue)
  const { content } = await prepareMessage(input, addressed.sender)
  try {
    const message = { envelope: addressed, content }
    if (options.inProgress !== true) return { queueId: await store.enqueue(message) }
    return await claimed(store, message)
  } finally {
    content.close()
  }
}

async function claimed(
  store: QueueStore,
  message: Parameters<QueueStore['enqueue']>[0],
): Promise<InProgressMessage> {
  const runner = await store.openRunner('submit')
  try {
    const claim = await store.enqueueClaimed(message, runner)
    return {
      queueId: claim.message.id,
      claim,
      runner,
      release: async () => {
        await claim.release()
        await runner.close()
      },
    }
  } catch (error) {
    await runner.close()
    throw error
  }
}
