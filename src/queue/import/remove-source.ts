/**
 * Removing a message from a foreign queue after it was stored durably in ours. The message goes first and
 * durably, then what belongs to it, so that a crash between leaves nothing that would be sent. A file that was changed or taken in the
 * meantime is not touched, and that is said: its own program may have sent the message.
 */
import { lstatSync } from 'node:fs'
import { dirname } from 'node:path'
import { errnoOf, queueError } from '../../errors/errno.ts'
import { MailError } from '../../errors/mail-error.ts'
import { syncDirectory, unlinkFile } from '../../util/durable-file.ts'
import { identityOf } from './foreign-file.ts'

/** The files of one message. */
export interface Source {
  readonly path: string
  /** What `identityOf` said when it was read. */
  readonly identity: string
  /** Other files that go away with it; one that is gone already is fine. */
  readonly companions: readonly string[]
}

/**
 * Removes the files of a message, durably.
 *
 * @throws MailError QUEUE_BUSY when another program has taken or changed the message, another QUEUE_ error when it
 *   cannot be removed; it then stands in both queues
 */
export async function removeSource({ path, identity, companions }: Source): Promise<void> {
  try {
    const stats = lstatSync(path, { throwIfNoEntry: false })
    if (stats === undefined || identityOf(stats) !== identity) throw takenByAnother(path)
    await unlinkFile(path)
    // A power cut must not bring the message back without the journal that says who has it.
    await syncDirectory(dirname(path))
    for (const companion of companions) await unlinkIfThere(companion)
    for (const directory of new Set(companions.map((each) => dirname(each)))) await syncDirectory(directory)
  } catch (error) {
    throw queueError(errnoOf(error) === 'ENOENT' ? takenByAnother(path) : error, 'cannot remove', path)
  }
}

async function unlinkIfThere(path: string): Promise<void> {
  try {
    await unlinkFile(path)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
  }
}

function takenByAnother(path: string): MailError {
  return new MailError(
    'QUEUE_BUSY',
    `${path} was taken or changed by another program while it was imported; it may be sent twice`,
  )
}
