/**
 * What can be known about a queue directory without a look at any message: the room on its file system, and how
 * many files lie in corrupt/. Only reads.
 */
import { statfs } from 'node:fs/promises'
import { queueError } from '../errors/errno.ts'
import { scanNames } from './scan.ts'
import type { QueueFacts } from './store.ts'

/** Files in corrupt/ without those that say why. */
async function countQuarantined(queueDir: string): Promise<number> {
  let count = 0
  for await (const { name } of scanNames(queueDir, 'corrupt')) if (!name.endsWith('.reason')) count += 1
  return count
}

/**
 * Looks at a queue directory that exists.
 *
 * @throws MailError QUEUE_* when it cannot be read
 */
export async function queueFacts(queueDir: string): Promise<QueueFacts> {
  let room
  try {
    room = await statfs(queueDir)
  } catch (error) {
    throw queueError(error, 'cannot ask for the free space of', queueDir)
  }
  return {
    // What anybody but root may use.
    freeOctets: room.bavail * room.bsize,
    totalOctets: room.blocks * room.bsize,
    // Some file systems make entries as they need them, and say 0 of 0.
    freeFiles: room.files === 0 ? undefined : room.ffree,
    quarantined: await countQuarantined(queueDir),
  }
}
