/**
 * Walking through the folders of the queue: names only, streamed, so that memory stays flat at a million
 * messages. A missing folder is an empty one; an unreadable folder is an error. What is no regular file is
 * reported as foreign, never opened.
 */
import { lstatSync, type Dirent } from 'node:fs'
import { opendir } from 'node:fs/promises'
import { errnoOf, queueError } from '../errors/errno.ts'
import { parseName, queuedSeconds, queueId } from './entry-name.ts'
import { folderPath, type Folder } from './layout.ts'
import type { Place, QueueEntry } from './store.ts'

/** One name in a folder. */
export type Scanned =
  | { readonly kind: 'message'; readonly entry: QueueEntry }
  | { readonly kind: 'foreign'; readonly name: string; readonly why: string }

function isRegular(path: string, dirent: Dirent): boolean {
  if (dirent.isFile()) return true
  const typeUnknown =
    !dirent.isDirectory() && !dirent.isSymbolicLink() && !dirent.isFIFO() && !dirent.isSocket()
  return typeUnknown && (lstatSync(path, { throwIfNoEntry: false })?.isFile() ?? true)
}

/** The entry that a file name in a folder stands for. */
export function entryOf(place: Place, name: string): QueueEntry {
  const { unique, nextAttempt, priority } = parseName(name)
  return {
    id: queueId(unique),
    place,
    queuedAt: queuedSeconds(unique) * 1000,
    nextAttempt: nextAttempt * 1000,
    priority,
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

/** All messages and foreign files of one folder. */
export async function* scanPlace(queueDir: string, place: Place): AsyncGenerator<Scanned> {
  for await (const dirent of scanNames(queueDir, place)) {
    const { name } = dirent
    if (isRegular(folderPath(queueDir, place, name), dirent))
      yield { kind: 'message', entry: entryOf(place, name) }
    else yield { kind: 'foreign', name, why: 'not a regular file' }
  }
}
