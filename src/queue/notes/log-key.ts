/**
 * The key of the marks that stand for addresses in the logs (`log_privacy = hash`): made once, 0600, and shared by all
 * processes that may read the queue. It is never replaced: marks of before would not be those of after.
 */
import { closeSync, fsyncSync, linkSync, readFileSync } from 'node:fs'
import { errnoOf, queueError } from '../../errors/errno.ts'
import { MailError } from '../../errors/mail-error.ts'
import { createExclusive, openForReading, syncDirectory, writeAll } from '../../util/durable-file.ts'
import { systemClock } from '../../util/clock.ts'
import { randomOctets } from '../../util/random.ts'
import { newUnique } from '../entry-name.ts'
import { ensureLayout, folderPath } from '../layout.ts'
import { unlinkIfThere } from '../runner-record.ts'

const OCTETS = 32

function readKey(path: string): Buffer | undefined {
  let fd: number
  try {
    fd = openForReading(path)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw error
  }
  try {
    const text = readFileSync(fd, 'latin1').trim()
    if (/^[0-9a-f]+$/.test(text) && text.length === 2 * OCTETS) return Buffer.from(text, 'hex')
  } finally {
    closeSync(fd)
  }
  throw new MailError('QUEUE_IO', `${path} is damaged; remove it, and a new one is made`)
}

/** Makes the key in one step; another process may be faster, which is as good. */
async function makeKey(queueDir: string, path: string): Promise<void> {
  await ensureLayout(queueDir)
  const draft = folderPath(queueDir, 'tmp', newUnique(systemClock))
  const fd = createExclusive(draft)
  try {
    try {
      writeAll(fd, Buffer.from(`${randomOctets(OCTETS).toString('hex')}\n`))
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    linkSync(draft, path)
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error
  } finally {
    unlinkIfThere(draft)
  }
  await syncDirectory(folderPath(queueDir, 'notes'))
}

/**
 * The key of a queue, which is made when there is none.
 *
 * @throws MailError QUEUE_* or CONFIG_* when it cannot be read or made
 */
export async function logKey(queueDir: string): Promise<Buffer> {
  const path = folderPath(queueDir, 'notes', 'log-key')
  try {
    const key = readKey(path)
    if (key !== undefined) return key
    await makeKey(queueDir, path)
    const made = readKey(path)
    if (made !== undefined) return made
    throw new MailError('QUEUE_IO', `${path} is not there although it was made`)
  } catch (error) {
    throw error instanceof MailError ? error : queueError(error, 'cannot read or make the key', path)
  }
}
