/**
 * Reading one dropped file. Its owner is not trusted: it may be a link, a FIFO, a device, endless, sparse, or change while
 * it is read. Nothing is followed, nothing blocks, no more is read than is allowed, and what changed is not used. The text
 * is brought into the form that the queue has (CRLF, no NUL), so that no line end of a user's own making goes on the wire.
 */
import { closeSync, fstatSync, type BigIntStats } from 'node:fs'
import { errnoOf, queueError } from '../../errors/errno.ts'
import { MailError } from '../../errors/mail-error.ts'
import { FileCutShort, type MessageContent } from '../../message/content.ts'
import { openForReading } from '../../util/durable-file.ts'
import { keepMessage, readStart, type OpenFile } from '../import/foreign-file.ts'
import { parseMetaBlock, type MetaResult, type QueueMeta } from '../meta-block.ts'

/** What a dropped file turns out to be. */
export type DroppedFile =
  /** A message; whoever takes it closes its content. */
  | { readonly kind: 'message'; readonly meta: QueueMeta; readonly content: MessageContent }
  /** Its owner is to be told why it is not taken; with what could be read of it. */
  | { readonly kind: 'refused'; readonly why: string; readonly meta?: QueueMeta; readonly header?: Buffer }
  /** It stays where it is. */
  | { readonly kind: 'left'; readonly why: string }
  /** Its owner or somebody else took it away. */
  | { readonly kind: 'gone' }

/** What is expected of the file. */
export interface DropReading {
  /** The owner that it had when the directory was listed. */
  readonly uid: number
  /** Octets of the message. */
  readonly maxSize: number
  /** Where a message of more than 1 MB is kept, without a name, until it is stored. */
  readonly spillDirectory: string
}

/** Octets that are read first; nearly every block is in them. */
const FIRST = 64 * 1024
/** The longest block that is read, in octets: reading one must not take long. */
export const DROP_BLOCK = 1024 * 1024

const CHANGED: DroppedFile = { kind: 'left', why: 'it changed while it was read' }

function sameState(one: BigIntStats, other: BigIntStats): boolean {
  return (
    one.size === other.size &&
    one.mtimeNs === other.mtimeNs &&
    one.ctimeNs === other.ctimeNs &&
    one.nlink === other.nlink
  )
}

const statOf = (fd: number): BigIntStats => fstatSync(fd, { bigint: true })

/** Why a file is not even looked into; undefined for one that may be a message. */
function whyLeft(stats: BigIntStats, uid: number): string | undefined {
  if (!stats.isFile()) return 'it is no regular file'
  if (stats.nlink !== 1n) return 'it has another name elsewhere'
  return stats.uid === BigInt(uid) ? undefined : 'it is not the file that was found'
}

/** What the file begins with: its block, and octets of the message behind it. */
function readBlock(fd: number, size: number): MetaResult & { readonly first: Buffer } {
  const read = (length: number) => {
    const first = readStart(fd, Math.min(size, length))
    return { ...parseMetaBlock(first, first.length >= size), first }
  }
  const result = read(FIRST)
  return !result.ok && result.incomplete ? read(DROP_BLOCK) : result
}

async function readMessage(
  fd: number,
  before: BigIntStats,
  { maxSize, spillDirectory }: DropReading,
): Promise<DroppedFile> {
  const size = Number(before.size)
  const block = readBlock(fd, size)
  if (!block.ok) {
    return sameState(before, statOf(fd))
      ? { kind: 'refused', why: `it is no message: ${block.why}` }
      : CHANGED
  }
  const { meta, length, first } = block
  const octets = size - length
  const header = first.subarray(length)
  if (octets > maxSize) {
    const why = `it has ${octets} octets, and ${maxSize} are allowed (submit_max_size)`
    return { kind: 'refused', why, meta, header }
  }
  if (octets === 0) return { kind: 'refused', why: 'it has an envelope but no message', meta, header }
  const file: OpenFile = { ok: true, fd, size, modified: 0, identity: '', close: () => undefined }
  const head = { sender: undefined, recipients: undefined, start: length }
  const { content } = await keepMessage(file, first, head, spillDirectory)
  if (sameState(before, statOf(fd))) return { kind: 'message', meta, content }
  content.close()
  return CHANGED
}

/** What keeps this machine from reading any file. Whatever else goes wrong is the doing of one user, and stops nobody. */
const MACHINE_FAULTS: ReadonlySet<string | undefined> = new Set([
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'ENOSPC',
  'EDQUOT',
  'EROFS',
])

/** What a failure makes of a file. A lease on it (fcntl), for one, lets nobody open it while its owner holds it. */
function afterFailure(error: unknown, path: string): DroppedFile {
  const errno = errnoOf(error)
  if (errno === 'ENOENT') return { kind: 'gone' }
  if (error instanceof FileCutShort) return CHANGED
  if (error instanceof MailError || errno === undefined || MACHINE_FAULTS.has(errno))
    throw queueError(error, 'cannot read', path)
  return { kind: 'left', why: 'it cannot be read' }
}

/**
 * Reads a file in the drop directory.
 *
 * @throws MailError QUEUE_* when this machine cannot read or keep any message now
 */
export async function readDropped(path: string, reading: DropReading): Promise<DroppedFile> {
  let fd: number | undefined
  try {
    fd = openForReading(path)
    const before = statOf(fd)
    const left = whyLeft(before, reading.uid)
    return left === undefined ? await readMessage(fd, before, reading) : { kind: 'left', why: left }
  } catch (error) {
    return afterFailure(error, path)
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}
