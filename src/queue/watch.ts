/**
 * Waiting for messages to come into new/. What the system tells is only a hint; the mark of the folder shows whether
 * anything changed since, for one system call, on every file system. A folder that is gone, or is another one, is an
 * error: whoever waits there would wait for ever.
 */
import { existsSync, statSync, type BigIntStats } from 'node:fs'
import { errnoOf, queueError } from '../errors/errno.ts'
import { MailError } from '../errors/mail-error.ts'
import type { Clock } from '../util/clock.ts'
import { watchDirectory } from '../util/watch-directory.ts'
import { folderPath } from './layout.ts'
import { entryOf } from './scan.ts'
import type { QueueListener, QueueWatch } from './store.ts'

/** A folder that changed less than this long ago, in milliseconds, may change again without another time of change. */
const TICK = 2000

function look(queueDir: string, path: string): BigIntStats {
  let stats
  try {
    stats = statSync(path, { bigint: true })
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw queueError(error, 'cannot look at the queue folder', path)
  }
  if (stats?.isDirectory() === true) return stats
  throw new MailError('QUEUE_IO', `the queue ${queueDir} is gone; mount it or bring it back`)
}

/**
 * Begins to wait.
 *
 * @throws MailError QUEUE_* when there is no queue
 */
export function watchQueue(queueDir: string, listener: QueueListener, clock: Clock): QueueWatch {
  const path = folderPath(queueDir, 'new')
  const { dev, ino } = look(queueDir, path)
  const watch = watchDirectory(path, {
    changed: (name) => {
      if (name === undefined) listener.arrived(undefined)
      // Most of what is told is that a message has left.
      else if (!name.startsWith('.') && existsSync(`${path}/${name}`)) listener.arrived(entryOf('new', name))
    },
    deaf: (why) => listener.deaf(why),
  })
  return {
    mark: () => {
      const stats = look(queueDir, path)
      if (stats.dev !== dev || stats.ino !== ino)
        throw new MailError('QUEUE_IO', `the queue ${queueDir} is not the one it was`)
      return clock.now() - Number(stats.mtimeMs) < TICK ? undefined : String(stats.mtimeNs)
    },
    close: () => watch.close(),
  }
}
