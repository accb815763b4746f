/**
 * Looking at a message of the queue, wherever it is, without claiming it. Nothing is changed; what is gone, and what is no
 * message, is undefined. Whoever only hands a message in does not load this.
 */
import { errnoOf, queueError } from '../errors/errno.ts'
import type { TimedEvent } from './journal/event.ts'
import { folderPath } from './layout.ts'
import { isFileFault, openQueueFile, type OpenQueueFile } from './queue-file.ts'
import { queuedMessage } from './queued-message.ts'
import type { QueueEntry, QueuedMessage } from './store.ts'

/**
 * Opens the file of an entry. The caller closes the content.
 *
 * @throws MailError QUEUE_* when it cannot be read now
 */
export function openEntry(queueDir: string, { place, key }: QueueEntry): OpenQueueFile | undefined {
  const path = folderPath(queueDir, place, key)
  try {
    const file = openQueueFile(path)
    return file.ok ? file : undefined
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || isFileFault(error)) return undefined
    throw queueError(error, 'cannot read', path)
  }
}

/**
 * Says what is known of a message.
 *
 * @param history reads its journal
 * @throws MailError QUEUE_* when it cannot be read now
 */
export function describeEntry(
  queueDir: string,
  entry: QueueEntry,
  history: () => readonly TimedEvent[],
): QueuedMessage | undefined {
  const file = openEntry(queueDir, entry)
  if (file === undefined) return undefined
  const { meta, content, modified } = file
  content.close()
  return queuedMessage(entry, { meta, size: content.size, modified }, history())
}
