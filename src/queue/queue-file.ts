/**
 * Reading a queued file: the metadata block, the journal, and the message bytes behind the block. Small
 * messages are read in one go, large ones stay in the file. Nothing here changes anything.
 */
import { closeSync, fstatSync, readSync } from 'node:fs'
import { describeError, errnoOf } from '../errors/errno.ts'
import { bufferContent, fileContent, type MessageContent } from '../message/content.ts'
import { openForReading } from '../util/durable-file.ts'
import { MAX_BLOCK, parseMetaBlock, type QueueMeta } from './meta-block.ts'

/** Files up to this size are held in memory, in octets. */
const SMALL = 256 * 1024

/** A queued message, open. */
export interface OpenQueueFile {
  readonly ok: true
  readonly meta: QueueMeta
  readonly content: MessageContent
  /** When the file was written last, milliseconds since the epoch. */
  readonly modified: number
}

/** A file that is a queued message, or the reason why it is none. */
export type QueueFile = OpenQueueFile | { readonly ok: false; readonly why: string }

/** Errors of opening a file that are the file's own fault and not the machine's. */
const FILE_FAULTS: ReadonlySet<string | undefined> = new Set(['EACCES', 'EPERM', 'ELOOP', 'ENXIO', 'EISDIR'])

/** True when a file that could not be opened belongs into quarantine; otherwise trying again may help. */
export function isFileFault(error: unknown): boolean {
  return FILE_FAULTS.has(errnoOf(error))
}

/** Why such a file is no message, in words. */
export function fileFault(error: unknown): string {
  const errno = errnoOf(error)
  if (errno === 'ELOOP') return 'it is a symbolic link'
  return errno === 'ENXIO' ? 'not a regular file' : describeError(error)
}

function readAt(fd: number, length: number): Buffer {
  const buffer = Buffer.allocUnsafe(length)
  let read = 0
  while (read < length) {
    const count = readSync(fd, buffer, read, length - read, read)
    if (count === 0) break
    read += count
  }
  return buffer.subarray(0, read)
}

/**
 * Opens a queued file. The caller closes the content.
 *
 * @throws the system's error when the file cannot be opened or read (ENOENT, EACCES, EIO, EMFILE, ...)
 */
export function openQueueFile(path: string): QueueFile {
  const fd = openForReading(path)
  let keep = false
  try {
    const stats = fstatSync(fd)
    if (!stats.isFile()) return { ok: false, why: 'not a regular file' }
    let head = readAt(fd, Math.min(stats.size, SMALL))
    let result = parseMetaBlock(head, head.length === stats.size)
    if (!result.ok && result.incomplete) {
      head = readAt(fd, Math.min(stats.size, MAX_BLOCK))
      result = parseMetaBlock(head, true)
    }
    if (!result.ok) return { ok: false, why: result.why }
    const { meta, length } = result
    if (head.length === stats.size) {
      return { ok: true, meta, content: bufferContent(head.subarray(length)), modified: stats.mtimeMs }
    }
    keep = true
    return { ok: true, meta, content: fileContent(fd, length, stats.size - length), modified: stats.mtimeMs }
  } finally {
    if (!keep) closeSync(fd)
  }
}
