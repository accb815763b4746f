/**
 * Where the body of a message goes while it is read: into memory as long as it is small, then into a file that
 * has no name any more, so that nothing is left behind however the process ends. When its disk takes nothing more, the
 * rest goes into a second file in the directory for temporary files. Failures are MailErrors of the queue: QUEUE_FULL,
 * QUEUE_IO or QUEUE_DENIED.
 */
import { closeSync, constants, openSync, unlinkSync, write } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { errnoOf, queueError } from '../errors/errno.ts'
import type { MailError } from '../errors/mail-error.ts'
import { randomOctets } from '../util/random.ts'
import { bufferContent, fileContent, joinContents, type MessageContent } from './content.ts'

/** The largest body that is held in memory, in octets. */
export const MEMORY_LIMIT = 1024 * 1024

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDWR } = constants
const writeAsync = promisify(write)

/** Errors of a disk that takes nothing more, where another one may. */
const TAKES_NO_MORE: ReadonlySet<string | undefined> = new Set(['ENOSPC', 'EDQUOT', 'EROFS'])

/** One of the files, open. */
interface BodyFile {
  readonly fd: number
  size: number
}

/** Collects octets, then gives them back as a {@link MessageContent}. */
export class BodyStore {
  #directory: string
  /** What is not written to the file: everything, while there is none. */
  #block = Buffer.alloc(0)
  #used = 0
  /** In order; the last one is being written, unless {@link #file} is undefined. */
  #files: BodyFile[] = []
  #file: BodyFile | undefined
  /** Why the first directory was left. */
  #failure: MailError | undefined
  /** What the file did not take, and what was to follow it. */
  #left = Buffer.alloc(0)

  /** @param directory where a large body goes; it must exist and be writable by then */
  constructor(directory: string) {
    this.#directory = directory
  }

  /**
   * Appends octets. Must not be called again before it resolves.
   *
   * @param chunk copied, so it may be reused
   * @throws MailError of the queue when the file cannot be made or written
   */
  async append(chunk: Buffer): Promise<void> {
    if (this.#used + chunk.length > MEMORY_LIMIT) {
      const block = this.#block.subarray(0, this.#used)
      this.#used = 0
      await this.#spill(block, chunk)
    }
    if (chunk.length > MEMORY_LIMIT) return this.#spill(chunk)
    this.#reserve(this.#used + chunk.length)
    this.#used += chunk.copy(this.#block, this.#used)
  }

  /**
   * Ends the collecting.
   *
   * @returns the content, which then owns the file
   * @throws MailError of the queue when the file cannot be written
   */
  async finish(): Promise<MessageContent> {
    const rest = this.#block.subarray(0, this.#used)
    if (this.#files.length === 0) return bufferContent(Buffer.from(rest))
    this.#used = 0
    await this.#spill(rest)
    return joinContents(this.#handOver())
  }

  /**
   * Ends the collecting where appending or {@link finish} failed.
   *
   * @returns all that was appended, what the file did not take included; it owns the file
   */
  salvage(): MessageContent {
    const rest = bufferContent(Buffer.concat([this.#left, this.#block.subarray(0, this.#used)]))
    return joinContents([...this.#handOver(), rest])
  }

  /** Frees everything when there will be no content. Harmless after {@link finish}. */
  discard(): void {
    for (const file of this.#handOver()) file.close()
  }

  #handOver(): MessageContent[] {
    const contents = this.#files.map(({ fd, size }) => fileContent(fd, 0, size))
    this.#files = []
    this.#file = undefined
    return contents
  }

  #reserve(size: number): void {
    if (size <= this.#block.length) return
    const larger = Buffer.allocUnsafe(Math.min(MEMORY_LIMIT, Math.max(64 * 1024, size * 2)))
    this.#block.copy(larger, 0, 0, this.#used)
    this.#block = larger
  }

  async #spill(bytes: Buffer, following?: Buffer): Promise<void> {
    let left = bytes
    try {
      while (left.length > 0) left = left.subarray(await this.#write(left))
    } catch (error) {
      this.#left = Buffer.concat([left, following ?? Buffer.alloc(0)])
      throw error
    }
  }

  /** Writes some octets. @returns how many; none when the rest goes to another directory from now on */
  async #write(bytes: Buffer): Promise<number> {
    try {
      const file = (this.#file ??= this.#newFile())
      const { bytesWritten } = await writeAsync(file.fd, bytes, 0, bytes.length, file.size)
      file.size += bytesWritten
      return bytesWritten
    } catch (error) {
      const failure = queueError(error, 'cannot keep the message in', this.#directory)
      // The disk that mail usually goes through is what somebody has to look at.
      if (this.#failure !== undefined) throw this.#failure
      if (!TAKES_NO_MORE.has(errnoOf(error)) || this.#directory === tmpdir()) throw failure
      this.#failure = failure
      this.#directory = tmpdir()
      this.#file = undefined
      return 0
    }
  }

  #newFile(): BodyFile {
    const file = { fd: openNameless(this.#directory), size: 0 }
    this.#files.push(file)
    return file
  }
}

/** Opens a new file for reading and writing that only this process can reach. */
function openNameless(directory: string): number {
  const path = join(directory, `body.${String(process.pid)}.${randomOctets(12).toString('hex')}`)
  const fd = openSync(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
  try {
    unlinkSync(path)
  } catch (error) {
    closeSync(fd)
    throw error
  }
  return fd
}
