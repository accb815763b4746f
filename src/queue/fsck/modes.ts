/**
 * Owner and mode of everything in the queue: the mail of one user is for nobody else to read. The owner of the queue
 * directory is the one that all files should have.
 */
import { chmodSync, closeSync, fchmodSync, lstatSync, type Stats } from 'node:fs'
import { errnoOf, queueError } from '../../errors/errno.ts'
import { openForReading } from '../../util/durable-file.ts'
import { folderPath, FOLDERS } from '../layout.ts'
import { scanNames } from '../scan.ts'
import type { Checking, Finding } from './finding.ts'

const FOLDER_MODE = 0o700
const FILE_MODE = 0o600
const octal = (mode: number): string => mode.toString(8).padStart(4, '0')

function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false })
  } catch (error) {
    throw queueError(error, 'cannot look at', path)
  }
}

/** Whoever owns the queue may put a link in the place of what was found: root does not follow it. */
function setMode(path: string, mode: number): void {
  if (process.geteuid?.() !== 0) {
    chmodSync(path, mode)
    return
  }
  const fd = openForReading(path)
  try {
    fchmodSync(fd, mode)
  } finally {
    closeSync(fd)
  }
}

function change(path: string, mode: number): boolean {
  try {
    setMode(path, mode)
    return true
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ELOOP') return false
    throw queueError(error, 'cannot change the mode of', path)
  }
}

function* check(path: string, owner: number): Generator<Finding> {
  const stats = statOf(path)
  if (stats === undefined || (!stats.isFile() && !stats.isDirectory())) return
  if (stats.uid !== owner) {
    const what = `belongs to the user ${stats.uid}, the queue to ${owner}`
    yield { path, what, cure: undefined }
  }
  const wanted = stats.isDirectory() ? FOLDER_MODE : FILE_MODE
  const mode = stats.mode & 0o777
  if (mode === wanted) return
  const cure = `changed to ${octal(wanted)}`
  yield { path, what: `has the mode ${octal(mode)}`, cure, mend: async () => change(path, wanted) }
}

/** The faults of owners and modes. */
export async function* checkModes({ queueDir }: Checking): AsyncGenerator<Finding> {
  const owner = statOf(queueDir)?.uid
  if (owner === undefined) return
  yield* check(queueDir, owner)
  for (const folder of FOLDERS) {
    yield* check(folderPath(queueDir, folder), owner)
    for await (const { name } of scanNames(queueDir, folder)) {
      // The locks of runners are folders that another program makes.
      if (!name.endsWith('.lock')) yield* check(folderPath(queueDir, folder, name), owner)
    }
  }
}
