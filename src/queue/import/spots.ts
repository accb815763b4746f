/**
 * The files of a foreign queue, one by one, so that memory stays flat however many there are. A path to a file is
 * that file alone. Links between folders are not followed.
 */
import { lstatSync, statSync } from 'node:fs'
import { opendir } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { errnoOf, queueError } from '../../errors/errno.ts'
import { MailError } from '../../errors/mail-error.ts'
import type { Spot } from './format.ts'

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') {
      throw new MailError(
        'INPUT_MISSING',
        `there is nothing to import: ${path} does not exist; check the path`,
      )
    }
    throw queueError(error, 'cannot read', path)
  }
}

/** The folders that hold messages: those of the format, or the directory itself when it has none of them. */
function foldersIn(path: string, names: readonly string[]): string[] {
  const found = names.map((name) => join(path, name)).filter((folder) => isFolder(folder))
  return found.length > 0 ? found : [path]
}

function isFolder(path: string): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false })
  if (stats?.isSymbolicLink() !== true) return stats?.isDirectory() === true
  throw new MailError('INPUT_UNREADABLE', `${path} is a symbolic link and is not followed; import its target`)
}

/**
 * All files of a queue, in no order.
 *
 * @param path a directory or one file
 * @param folders the names of the sub-folders with messages
 * @throws MailError INPUT_MISSING when there is nothing at the path, INPUT_UNREADABLE when a folder is a symbolic
 *   link, QUEUE_* when a directory cannot be read
 */
export async function* spotsOf(path: string, folders: readonly string[]): AsyncGenerator<Spot> {
  const start = resolve(path)
  if (!isDirectory(start)) {
    yield { directory: dirname(start), name: basename(start), named: true }
    return
  }
  let directory = start
  try {
    for (directory of foldersIn(start, folders)) {
      for await (const { name } of await opendir(directory)) yield { directory, name }
    }
  } catch (error) {
    throw queueError(error, 'cannot read the directory', directory)
  }
}
