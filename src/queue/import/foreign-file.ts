/**
 * Opening and reading a file of a foreign queue. Links are not followed, a FIFO does not block, nothing is changed,
 * and the size is asked for once: what is appended later is not read, what is cut off later is an error. Large
 * messages go through a nameless file and not through memory.
 */
import { closeSync, fstatSync, readSync } from 'node:fs'
import { errnoOf, queueError } from '../../errors/errno.ts'
import { BodyStore } from '../../message/body-store.ts'
import { fileContent, type MessageContent } from '../../message/content.ts'
import { WireText } from '../../message/wire-text.ts'
import { openForReading } from '../../util/durable-file.ts'
import { fileFault, isFileFault } from '../queue-file.ts'
import type { ForeignHead } from './format.ts'

/** Why a directory, a FIFO or a device is no message. */
export const NO_FILE = 'not a regular file'

/** An open file that has octets. */
export interface OpenFile {
  readonly ok: true
  readonly fd: number
  /** Octets. */
  readonly size: number
  /** Milliseconds since the epoch. */
  readonly modified: number
  /** Which file it is: see {@link isSameFile}. */
  readonly identity: string
  close(): void
}

/** Why a file cannot be read, for an error that is its own fault; undefined for one of this machine. */
export function faultOf(error: unknown): string | undefined {
  const errno = errnoOf(error)
  if (errno === 'ENOENT') return 'it has gone'
  if (errno === 'EIO') return 'the disk cannot read it'
  return isFileFault(error) ? fileFault(error) : undefined
}

/** The error of a system call as a fault of this machine; any other error is handed back as it is. */
export function machineFault(error: unknown, path: string): unknown {
  return error instanceof Error && 'syscall' in error ? queueError(error, 'cannot read', path) : error
}

/** The same text for the same file with the same contents, as far as the system tells. */
export function identityOf(stats: { dev: number; ino: number; size: number; mtimeMs: number }): string {
  return [stats.dev, stats.ino, stats.size, stats.mtimeMs].join(' ')
}

/**
 * Opens a file.
 *
 * @returns the open file, which the caller closes; or why it cannot be a message
 * @throws MailError QUEUE_* when this machine has no means to open any file
 */
export function openForeign(path: string): OpenFile | { readonly ok: false; readonly why: string } {
  let fd
  try {
    fd = openForReading(path)
  } catch (error) {
    const why = faultOf(error)
    if (why === undefined) throw queueError(error, 'cannot read', path)
    return { ok: false, why }
  }
  const stats = fstatSync(fd)
  const why = !stats.isFile() ? NO_FILE : stats.size === 0 ? 'it is empty' : undefined
  if (why !== undefined) {
    closeSync(fd)
    return { ok: false, why }
  }
  const { size, mtimeMs: modified } = stats
  return { ok: true, fd, size, modified, identity: identityOf(stats), close: () => closeSync(fd) }
}

/** The first octets of a file, fewer when it is shorter. */
export function readStart(fd: number, length: number): Buffer {
  const buffer = Buffer.alloc(length)
  let used = 0
  for (let count = -1; used < length && count !== 0; used += count) {
    count = readSync(fd, buffer, used, length - used, used)
  }
  return buffer.subarray(0, used)
}

/** A message as the queue wants it. */
export interface KeptMessage {
  /** The caller closes it. */
  readonly content: MessageContent
  /** How many NUL octets were left out. */
  readonly nulBytes: number
}

/**
 * Reads the message out of an open file: CRLF line ends, no NUL, without the fields that are cut out.
 *
 * @param first the first octets of the file, header included where something is cut
 * @param spillDirectory where a message of more than 1 MB is kept, without a name
 * @throws MailError QUEUE_* when it cannot be kept; any other error when the file cannot be read
 */
export async function keepMessage(
  file: OpenFile,
  first: Buffer,
  { start, cuts = [] }: ForeignHead,
  spillDirectory: string,
): Promise<KeptMessage> {
  const text = new WireText({ dotEnds: false })
  const store = new BodyStore(spillDirectory)
  try {
    let at = start
    for (const [from, to] of cuts) {
      await store.append(text.push(first.subarray(at, from)))
      at = to
    }
    await store.append(text.push(first.subarray(at)))
    const rest = fileContent(file.fd, first.length, file.size - first.length)
    for await (const chunk of rest.stream()) await store.append(text.push(chunk as Buffer))
    await store.append(text.end())
    return { content: await store.finish(), nulBytes: text.nulBytes }
  } catch (error) {
    store.discard()
    throw error
  }
}
