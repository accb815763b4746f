/**
 * Files that go with a message. A file is read once, to its end, into a copy of our own: what was looked at is what
 * is sent, and a file that changes meanwhile is an error instead of a mixture. Symbolic links are followed, with the
 * rights of the caller. A pipe is read like a file, so that `<(command)` of a shell can be attached.
 */
import { accessSync, close, constants, fstat, open, read, statSync, type Stats } from 'node:fs'
import { promisify } from 'node:util'
import { describeError, errnoOf } from '../../errors/errno.ts'
import { MailError } from '../../errors/mail-error.ts'
import { quoteForMessage } from '../address/address.ts'
import { BodyStore } from '../body-store.ts'
import type { MessageContent } from '../content.ts'

/** A file, or content without one, that goes with a message. */
export interface Attachment {
  /** Undefined: `content` is it. */
  readonly path: string | undefined
  /** In the place of a file; whoever made it closes it. */
  readonly content?: MessageContent
  /** The name that is shown; the last part of the path without it. */
  readonly name?: string
  /** The media type, parameters allowed; by name and octets without it. */
  readonly type?: string
  /** How it is encoded; base64 without it. */
  readonly encoding?: 'base64' | 'quoted-printable'
}

const openAsync = promisify(open)
const closeAsync = promisify(close)
const statAsync = promisify(fstat)
const readAsync = promisify(read)

/** Octets that are read at a time. */
const CHUNK = 256 * 1024

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EACCES: 'it may not be read',
  EPERM: 'it may not be read',
  ELOOP: 'its symbolic links lead in a circle',
}

function missing(path: string, why: string, cause?: unknown, action = 'attach'): MailError {
  return new MailError(
    'INPUT_MISSING',
    `cannot ${action} ${quoteForMessage(path)}: ${why}; nothing was sent`,
    cause === undefined ? {} : { cause },
  )
}

function missingBy(path: string, error: unknown, action?: string): MailError {
  return missing(path, REASONS[errnoOf(error) ?? ''] ?? describeError(error), error, action)
}

function unreadable(path: string, why: string, cause?: unknown): MailError {
  return new MailError(
    'INPUT_UNREADABLE',
    `cannot attach ${quoteForMessage(path)}: ${why}; nothing was sent`,
    cause === undefined ? {} : { cause },
  )
}

function checkKind(path: string, facts: Stats, action?: string): void {
  if (facts.isFile() || facts.isFIFO()) return
  const why = facts.isDirectory() ? 'it is a directory' : 'it is neither a regular file nor a pipe'
  throw missing(path, why, undefined, action)
}

/**
 * Looks whether a file can be read to its end, before anything is read or sent.
 *
 * @param path any path
 * @param action what cannot be done with it otherwise, for people
 * @throws MailError `INPUT_MISSING` for what is missing, may not be read, or is no regular file and no pipe
 */
export function checkFile(path: string, action?: string): void {
  try {
    checkKind(path, statSync(path), action)
    accessSync(path, constants.R_OK)
  } catch (error) {
    throw error instanceof MailError ? error : missingBy(path, error, action)
  }
}

/** Copies what can be read from a descriptor. @returns how many octets there were */
async function copy(fd: number, store: BodyStore): Promise<number> {
  const buffer = Buffer.allocUnsafe(CHUNK)
  for (let size = 0; ;) {
    const { bytesRead } = await readAsync(fd, buffer, 0, CHUNK, null)
    if (bytesRead === 0) return size
    await store.append(buffer.subarray(0, bytesRead))
    size += bytesRead
  }
}

/** A file that became longer, shorter or another one while it was read. Files of the kernel do not know their size. */
function hasChanged(before: Stats, after: Stats, size: number): boolean {
  if (!before.isFile()) return false
  const isShort = before.blocks > 0 && size !== before.size
  return isShort || before.size !== after.size || before.mtimeMs !== after.mtimeMs
}

async function readFrom(fd: number, path: string, store: BodyStore): Promise<MessageContent> {
  const before = await statAsync(fd)
  checkKind(path, before)
  const size = await copy(fd, store)
  if (hasChanged(before, await statAsync(fd), size))
    throw unreadable(path, 'it was changed while it was read, send it again')
  return store.finish()
}

/**
 * Reads a file that is to be attached.
 *
 * @param path any path; a pipe is waited for
 * @param spillDirectory where a copy of more than 1 MB is kept, without a name
 * @returns the octets, all of them; whoever takes them closes them
 * @throws MailError `INPUT_MISSING` as {@link checkFile}, `INPUT_UNREADABLE` when reading fails or the file is
 *   changed meanwhile, and those of {@link BodyStore}
 */
export async function readAttachment(path: string, spillDirectory: string): Promise<MessageContent> {
  let fd: number
  try {
    fd = await openAsync(path, constants.O_RDONLY | constants.O_NOCTTY)
  } catch (error) {
    throw missingBy(path, error)
  }
  const store = new BodyStore(spillDirectory)
  try {
    return await readFrom(fd, path, store)
  } catch (error) {
    store.discard()
    throw error instanceof MailError ? error : unreadable(path, describeError(error), error)
  } finally {
    await closeAsync(fd)
  }
}
