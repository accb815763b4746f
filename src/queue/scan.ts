/**
 * Walking through the folders of the queue: names only, some at a time, so that memory stays flat at a million
 * messages. A missing folder is an empty one; an unreadable folder is an error. Whatever lies in a place is an
 * entry: that it is no message turns out when it is claimed.
 */
import { opendirSync, type Dir, type Dirent } from 'node:fs'
import { DEFAULT_ACCOUNT } from '../config/account-name.ts'
import { errnoOf, queueError } from '../errors/errno.ts'
import { glanceAt, parseName, queuedSeconds, queueId } from './entry-name.ts'
import { folderPath, type Folder } from './layout.ts'
import type { Place, QueueEntry, Wants } from './store.ts'

/** Names that are read before whoever else waits in this process gets a turn. */
const AT_ONCE = 1024

/** The entry that a file name in a folder stands for. */
export function entryOf(place: Place, name: string, parsed = parseName(name)): QueueEntry {
  const { unique, nextAttempt, priority, account = DEFAULT_ACCOUNT, ownServer = false, notBefore } = parsed
  return {
    id: queueId(unique),
    place,
    queuedAt: queuedSeconds(unique) * 1000,
    nextAttempt: nextAttempt * 1000,
    priority,
    account,
    ownServer,
    notBefore: notBefore === undefined ? undefined : notBefore * 1000,
    key: name,
  }
}

function readSome(directory: Dir): Dirent[] {
  const some: Dirent[] = []
  while (some.length < AT_ONCE) {
    const dirent = directory.readSync()
    if (dirent === null) break
    if (!dirent.name.startsWith('.')) some.push(dirent)
  }
  return some
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** All names in a folder that are not hidden, in no order; read without promises, which cost more than the names. */
async function* scanSome(queueDir: string, folder: Folder): AsyncGenerator<Dirent[]> {
  const path = folderPath(queueDir, folder)
  const directory = openFolder(path)
  if (directory === undefined) return
  try {
    for (;;) {
      const some = readSome(directory)
      yield some
      if (some.length < AT_ONCE) return
      await turn()
    }
  } catch (error) {
    // Whatever it is: a scan that ended early would look as if it had seen everything.
    throw queueError(error, 'cannot read the queue folder', path)
  } finally {
    directory.closeSync()
  }
}

function openFolder(path: string): Dir | undefined {
  try {
    return opendirSync(path, { bufferSize: AT_ONCE })
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw queueError(error, 'cannot read the queue folder', path)
  }
}

/** All names in a folder that are not hidden, in no order. */
export async function* scanNames(queueDir: string, folder: Folder): AsyncGenerator<Dirent> {
  for await (const some of scanSome(queueDir, folder)) yield* some
}

/** An entry for everything in one folder, or for what is wanted of it. */
export async function* scanPlace(queueDir: string, place: Place, wants?: Wants): AsyncGenerator<QueueEntry> {
  for await (const some of scanSome(queueDir, place)) {
    for (const { name } of some) if (wants === undefined || wants(glanceAt(name))) yield entryOf(place, name)
  }
}
