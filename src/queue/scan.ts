/**
 * Walking through the folders of the queue: names only, streamed, so that memory stays flat at a million
 * messages. A missing folder is an empty one; an unreadable folder is an error. Whatever lies in a place is an
 * entry: that it is no message turns out when it is claimed.
 */
import type { Dirent } from 'node:fs'
import { opendir } from 'node:fs/promises'
import { DEFAULT_ACCOUNT } from '../config/account-name.ts'
import { errnoOf, queueError } from '../errors/errno.ts'
import { parseName, queuedSeconds, queueId } from './entry-name.ts'
import { folderPath, type Folder } from './layout.ts'
import type { Place, QueueEntry } from './store.ts'

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
    ...(notBefore === undefined ? {} : { notBefore: notBefore * 1000 }),
    key: name,
  }
}

/** All names in a folder that are not hidden, in no order. */
export async function* scanNames(queueDir: string, folder: Folder): AsyncGenerator<Dirent> {
  const path = folderPath(queueDir, folder)
  try {
    for await (const dirent of await opendir(path, { bufferSize: 1024 })) {
      if (!dirent.name.startsWith('.')) yield dirent
    }
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw queueError(error, 'cannot read the queue folder', path)
  }
}

/** An entry for everything in one folder. */
export async function* scanPlace(queueDir: string, place: Place): AsyncGenerator<QueueEntry> {
  for await (const { name } of scanNames(queueDir, place)) yield entryOf(place, name)
}
