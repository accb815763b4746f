/**
 * The folders of a queue and how they come to be. Writers make what is missing, 0700 and durable; readers
 * never make anything. The queue directory itself is made only inside a directory that exists, so that a
 * file system which is not mounted does not silently get a queue in its place.
 */
import { existsSync, lstatSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { errnoOf, queueError } from '../errors/errno.ts'
import { MailError } from '../errors/mail-error.ts'
import { giveToOwner, syncDirectory } from '../util/durable-file.ts'

/** The sub-folders, in the order of queue.md. */
export const FOLDERS = [
  'tmp',
  'new',
  'cur',
  'hold',
  'failed',
  'corrupt',
  'state',
  'runners',
  'notes',
  'outbox',
] as const

/** One of {@link FOLDERS}. */
export type Folder = (typeof FOLDERS)[number]

/** The absolute path of a folder, or of a file in it. */
export function folderPath(queueDir: string, folder: Folder, name = ''): string {
  return name === '' ? `${queueDir}/${folder}` : `${queueDir}/${folder}/${name}`
}

function makeDirectory(path: string): boolean {
  // Nearly always it is there, and to be told so by an exception costs more than all the rest.
  if (existsSync(path)) return false
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false
    throw error
  }
  return true
}

/** @throws the system's error when that cannot be known */
const isThere = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined

/** What root makes in somebody else's queue is for whoever owns the queue. */
function makeFolder(queueDir: string, folder: Folder): boolean {
  const path = folderPath(queueDir, folder)
  if (!makeDirectory(path)) return false
  giveToOwner(path, queueDir)
  return true
}

const MAKE = 'cannot make the queue directory'
const READ = 'cannot read the queue directory'

/** What a directory may hold that is to become a queue: what makes and mounts of file systems leave. */
const HARMLESS = /^(\.|lost\+found$)/

/**
 * A directory with other things in it and without new/ is a mistake, not a queue.
 *
 * @throws MailError CONFIG_INVALID for such a directory
 */
function refuseOther(queueDir: string): void {
  if (isThere(folderPath(queueDir, 'new'))) return
  const ours: readonly string[] = FOLDERS
  const other = readdirSync(queueDir).find((name) => !HARMLESS.test(name) && !ours.includes(name))
  if (other === undefined) return
  throw new MailError(
    'CONFIG_INVALID',
    `${queueDir} is no queue: it has no new/, but ${other}; check the path`,
  )
}

/**
 * Makes the queue and its folders where they are missing.
 *
 * @throws MailError CONFIG_MISSING when the directory that should contain the queue does not exist, CONFIG_INVALID
 *   when it is something else; a QUEUE_ error when it cannot be made
 */
export async function ensureLayout(queueDir: string): Promise<void> {
  let action = MAKE
  try {
    const madeQueue = makeDirectory(queueDir)
    if (!madeQueue) {
      action = READ
      refuseOther(queueDir)
    }
    action = 'cannot make a folder in the queue directory'
    const made = FOLDERS.filter((folder) => makeFolder(queueDir, folder))
    if (made.length > 0) await syncDirectory(queueDir)
    if (madeQueue) await syncDirectory(dirname(queueDir))
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') throw new MailError('CONFIG_MISSING', whyMissing(queueDir))
    if (errnoOf(error) === 'ELOOP') {
      throw new MailError(
        'CONFIG_INVALID',
        `the queue ${queueDir} is a circle of symbolic links; correct queue_dir`,
      )
    }
    if (errnoOf(error) === 'ENOTDIR') {
      throw notADirectory(queueDir)
    }
    // Who may not look there cannot know that it is missing.
    if (action === MAKE) queueIsThere(queueDir)
    throw queueError(error, action, queueDir)
  }
}

/**
 * Whether anything is in the place of the queue.
 *
 * @throws MailError QUEUE_* when that cannot be known, as by a user who may not look there
 */
export function queueIsThere(queueDir: string): boolean {
  try {
    return isThere(queueDir)
  } catch (error) {
    if (errnoOf(error) === 'ENOTDIR' || errnoOf(error) === 'ELOOP') return false
    throw queueError(error, READ, queueDir)
  }
}

/** The failure of whoever finds something else in the place of the queue. */
export function notADirectory(queueDir: string): MailError {
  return new MailError('CONFIG_INVALID', `the queue ${queueDir} is not a directory; correct queue_dir`)
}

function whyMissing(queueDir: string): string {
  if (lstatSync(queueDir, { throwIfNoEntry: false })?.isSymbolicLink() === true) {
    return `the queue directory ${queueDir} is a symbolic link to nowhere; create its target or correct queue_dir`
  }
  const parent = dirname(queueDir)
  return `the queue directory ${queueDir} cannot be made: ${parent} does not exist; create it or correct queue_dir`
}

/**
 * Checks that there is a queue to read.
 *
 * @throws MailError CONFIG_MISSING when there is none, CONFIG_INVALID when it is no directory or something else
 */
export function requireQueue(queueDir: string): void {
  let stats
  try {
    stats = statSync(queueDir, { throwIfNoEntry: false })
  } catch (error) {
    throw queueError(error, READ, queueDir)
  }
  if (stats === undefined) {
    throw new MailError('CONFIG_MISSING', `the queue directory ${queueDir} does not exist; check the path`)
  }
  if (!stats.isDirectory()) {
    throw new MailError('CONFIG_INVALID', `the queue ${queueDir} is not a directory; check the path`)
  }
  try {
    refuseOther(queueDir)
  } catch (error) {
    throw queueError(error, READ, queueDir)
  }
}
