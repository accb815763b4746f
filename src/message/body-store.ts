/**
 * Where the body of a message goes while it is read: into memory as long as it is small, then into a file that
 * has no name any more, so that nothing is left behind however the process ends. Failures of the file are
 * MailErrors of the queue: QUEUE_FULL, QUEUE_IO or QUEUE_DENIED; what was appended until then is not lost by one.
 */
import { closeSync, constants, openSync, unlinkSync, write } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { queueError } from '../errors/errno.ts'
import { randomOctets } from '../util/random.ts'
import { bufferContent, fileContent, joinContents, type MessageContent } from './content.ts'

/** The largest body that is held in memory, in octets. */
export const MEMORY_LIMIT = 1024 * 1024

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDWR } = constants
const writeAsync = promisify(write)

/** Collects octets, then gives them back as a {@link MessageContent}. */
export class BodyStore {
  readonly #directory: string
  /** What is not written to the file: everything, while there is none. Larger than the limit only behind a failure. */
  #block = Buffer.alloc(0)
  #used = 0
  #fd: number | undefined
  #written = 0

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
    if (this.#fd !== undefined || this.#used > MEMORY_LIMIT) await this.#spill()
    return this.rest()
  }

  /**
   * Ends the collecting without writing: for what could not be written.
   *
   * @returns all that was appended; it owns the file, and what is in no file stays in memory
   */
  rest(): MessageContent {
    const held = Buffer.from(this.#block.subarray(0, this.#used))
    const fd = this.#fd
    if (fd === undefined) return bufferContent(held)
    this.#fd = undefined
    const inFile = fileContent(fd, 0, this.#written)
    return held.length === 0 ? inFile : joinContents([inFile, bufferContent(held)])
  }

  /** Frees everything when there will be no content. Harmless after {@link finish} and {@link rest}. */
  discard(): void {
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#fd = undefined
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
      this.#fd ??= openNameless(this.#directory)
      while (done < this.#used) {
        const left = this.#used - done
        const { bytesWritten } = await writeAsync(this.#fd, this.#block, done, left, this.#written)
        done += bytesWritten
        this.#written += bytesWritten
      }
    } catch (error) {
      throw queueError(error, 'cannot keep the message in', this.#directory)
    } finally {
      this.#block.copyWithin(0, done, this.#used)
      this.#used -= done
    }
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
