/**
 * Puts files into their places, all or none: each is written and synced under another name first. A new file never replaces
 * one that appeared meanwhile; a file that is replaced is kept under a name that was free, with its owner and mode. Whoever
 * reads sees the old file or the new one, also after a crash.
 */
import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fchmodSync,
  fchownSync,
  linkSync,
  readFileSync,
  renameSync,
  statSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { describeError, errnoOf } from '../../errors/errno.ts'
import { MailError } from '../../errors/mail-error.ts'
import { createExclusive, removeQuietly, syncDirectory, syncFile, writeAll } from '../../util/durable-file.ts'
import { randomOctets } from '../../util/random.ts'
import type { Owner } from './owner.ts'

/** A file that is to be there. */
export interface PlacedFile {
  /** Absolute; no link. */
  readonly path: string
  readonly text: string
  readonly mode: number
  /** May stand in the place of another one, whose owner it gets. */
  readonly replaces: boolean
  /** What has to be there still when it is replaced; anything when left out. */
  readonly was?: string
  /** Of a new file; the usual one when left out. */
  readonly owner: Owner | undefined
}

function failure(error: unknown, path: string): MailError {
  if (error instanceof MailError) return error
  const code = errnoOf(error)
  const denied = code === 'EACCES' || code === 'EPERM' || code === 'EROFS'
  return new MailError(
    denied ? 'CONFIG_DENIED' : 'QUEUE_IO',
    `cannot write ${path}: ${describeError(error)}; nothing was changed`,
    { cause: error },
  )
}

/** Writes a file under a name of its own beside its place. @returns that name */
async function prepare(file: PlacedFile): Promise<string> {
  const fresh = `${file.path}.${randomOctets(8).toString('hex')}.tmp`
  const fd = createExclusive(fresh)
  try {
    const old = file.replaces ? statSync(file.path, { throwIfNoEntry: false }) : undefined
    const owner = old ?? file.owner
    if (owner !== undefined && process.geteuid?.() === 0) fchownSync(fd, owner.uid, owner.gid)
    fchmodSync(fd, file.mode)
    writeAll(fd, Buffer.from(file.text))
    await syncFile(fd)
    return fresh
  } catch (error) {
    removeQuietly(fresh)
    throw error
  } finally {
    closeSync(fd)
  }
}

/** Gives the old file another name as well; on a file system without links it is copied. */
function keepAs(path: string, kept: string): void {
  try {
    linkSync(path, kept)
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') throw error
    copyFileSync(path, kept, constants.COPYFILE_EXCL)
    chmodSync(kept, statSync(path).mode & 0o777)
  }
}

/** Keeps the old file. @returns the name that it is kept under */
function keep(path: string): string {
  for (let number = 0; ; number++) {
    const kept = `${path}.bak${number === 0 ? '' : String(number)}`
    try {
      keepAs(path, kept)
      return kept
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error
    }
  }
}

/** Gives a new file its name, unless that is taken. */
function place(fresh: string, path: string): void {
  try {
    linkSync(fresh, path)
    removeQuietly(fresh)
  } catch (error) {
    if (errnoOf(error) === 'EEXIST' || existsSync(path))
      throw new MailError('USAGE', `${path} exists and is not overwritten; move it away first`)
    // A file system without links.
    renameSync(fresh, path)
  }
}

interface Prepared {
  readonly file: PlacedFile
  /** The name that it has for now. */
  readonly fresh: string
}

/** Files whose names are about to be given, and how to take back what was done. */
interface Placing {
  readonly prepared: Prepared[]
  readonly undo: (() => void)[]
  readonly kept: string[]
  /** The file that is at work. */
  current: string
}

function replaceKeeping({ file, fresh }: Prepared, { undo, kept }: Placing): void {
  const { path, was } = file
  if (was !== undefined && readFileSync(path, 'utf8') !== was)
    throw new MailError('NOT_ACCEPTED', `${path} was changed by somebody else meanwhile; try again`)
  const copy = keep(path)
  undo.push(() => {
    renameSync(copy, path)
    // Two names of one file are left as they are by a rename.
    removeQuietly(copy)
  })
  renameSync(fresh, path)
  kept.push(copy)
}

function placeAll(placing: Placing): void {
  for (const one of placing.prepared) {
    const { file, fresh } = one
    placing.current = file.path
    if (file.replaces && existsSync(file.path)) replaceKeeping(one, placing)
    else {
      place(fresh, file.path)
      placing.undo.push(() => removeQuietly(file.path))
    }
  }
}

/**
 * Puts the files into their places, in this order.
 *
 * @returns the names that replaced files are kept under
 * @throws MailError USAGE for a file that may not be replaced, CONFIG_DENIED or QUEUE_IO when one cannot be written;
 *   then nothing has changed
 */
export async function placeFiles(files: readonly PlacedFile[]): Promise<readonly string[]> {
  const placing: Placing = { prepared: [], undo: [], kept: [], current: '' }
  try {
    for (const file of files) {
      placing.current = file.path
      placing.prepared.push({ file, fresh: await prepare(file) })
    }
    placeAll(placing)
  } catch (error) {
    for (const { fresh } of placing.prepared) removeQuietly(fresh)
    for (const undo of placing.undo.toReversed()) undo()
    throw failure(error, placing.current)
  }
  for (const folder of new Set(files.map(({ path }) => dirname(path)))) await syncDirectory(folder)
  return placing.kept
}
