/**
 * Where the body of a message goes while it is read: into memory as long as it is small, then into a file that
 * has no name any more, so that nothing is left behind however the process ends. When its disk takes nothing more, the
 * rest goes into a second file in the directory for temporary files. Failures are MailErrors of the queue: QUEUE_FULL,
 * QUEUE_IO or QUEUE_DENIED; what was appended until then is not lost by one.
 */
import { closeSync, constants, openSync, unlinkSync, write } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { errnoOf, queueError } from '../errors/errno.ts'
import type { MailError } from '../errors/mail-error.ts'
import { randomOctets } from '../util/random.ts'
import { bufferContent, fileContent, joinContents, type MessageContent } from './content.ts'

/** The largest body that is held in memory, in octets. */
export const MEMORY_LIMIT = 1024 * 1024

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDWR } = constants

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
  /** What is in no file: everything, while there is none. Larger than the limit only behind a failure. */
  #block = Buffer.alloc(0)
  #used = 0
  /** In order; the last one is being written, unless {@link #file} is undefined. */
  #files: BodyFile[] = []
  #file: BodyFile | undefined
  /** Why the first directory was left. */
  #failure: MailError | undefined

  /** @param directory where a large body goes; it must exist and be writable by then */
  constructor(directory: string) {
    this.#directory = directory
  }

  /**
   * Appends octets. Must not be called again before it resolves, nor after it has rejected.
   *
   * @param chunk copied, so it may be reused
   * @throws MailError of the queue when the file cannot be made or written; {@link rest} has the chunk all the same
   */
  async append(chunk: Buffer): Promise<void> {
    for (let start = 0; start < chunk.length; start += MEMORY_LIMIT) {
      const piece = chunk.subarray(start, start + MEMORY_LIMIT)
      try {
        if (this.#used + piece.length > MEMORY_LIMIT) await this.#spill()
      } catch (error) {
        this.#hold(chunk.subarray(start))
        throw error
      }
      this.#hold(piece)
    }
  }

  /**
   * Ends the collecting.
   *
   * @returns the content, which then owns the file
   * @throws MailError of the queue when the file cannot be written
   */
  async finish(): Promise<MessageContent> {
    if (this.#files.length > 0 || this.#used > MEMORY_LIMIT) await this.#spill()
    return this.rest()
  }

  /**
   * Ends the collecting without writing: for what could not be written.
   *
   * @returns all that was appended; it owns the file, and what is in no file stays in memory
   */
  rest(): MessageContent {
    const held = Buffer.from(this.#block.subarray(0, this.#used))
    return joinContents([...this.#handOver(), ...(held.length === 0 ? [] : [bufferContent(held)])])
  }

  /** Frees everything when there will be no content. Harmless after {@link finish} and {@link rest}. */
  discard(): void {
    for (const file of this.#handOver()) file.close()
  }

  #handOver(): MessageContent[] {
    const contents = this.#files.map(({ fd, size }) => fileContent(fd, 0, size))
    this.#files = []
    this.#file = undefined
    return contents
  }

  #hold(bytes: Buffer): void {
    const size = this.#used + bytes.length
    if (size > this.#block.length) {
      const usual = Math.min(MEMORY_LIMIT, Math.max(64 * 1024, size * 2))
      const larger = Buffer.allocUnsafe(Math.max(size, usual))
      this.#block.copy(larger, 0, 0, this.#used)
      this.#block = larger
    }
    this.#used += bytes.copy(this.#block, this.#used)
  }

  /** Moves the block into the file. Where that fails, each octet is in one of them. */
  async #spill(): Promise<void> {
    let done = 0
    try {
      while (done < this.#used) done += await this.#write(this.#block.subarray(done, this.#used))
    } finally {
      this.#block.copyWithin(0, done, this.#used)
      this.#used -= done
    }
  }

  /** Writes some octets. @returns how many; none when the rest goes to another directory from now on */
  async #write(bytes: Buffer): Promise<number> {
    try {
      const file = (this.#file ??= this.#newFile())
      const written = await writeAt(file.fd, bytes, file.size)
      file.size += written
      return written
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

/** @returns how many of the octets were written */
function writeAt(fd: number, bytes: Buffer, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    write(fd, bytes, 0, bytes.length, position, (error, written) => {
      if (error === null) resolve(written)
      else reject(error)
    })
  })
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
