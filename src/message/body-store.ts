/**
 * Where the body of a message goes while it is read: into memory as long as it is small, then into a file that
 * has no name any more, so that nothing is left behind however the process ends. Failures of the file are
 * MailErrors of the queue: QUEUE_FULL, QUEUE_IO or QUEUE_DENIED.
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
  /** What is not written to the file: everything, while there is none. */
  #block = Buffer.alloc(0)
  #used = 0
  #fd: number | undefined
  #written = 0
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
    if (this.#fd === undefined) return bufferContent(Buffer.from(rest))
    this.#used = 0
    await this.#spill(rest)
    const fd = this.#fd
    this.#fd = undefined
    return fileContent(fd, 0, this.#written)
  }

  /**
   * Ends the collecting where appending or {@link finish} failed.
   *
   * @returns all that was appended, what the file did not take included; it owns the file
   */
  salvage(): MessageContent {
    const rest = bufferContent(Buffer.concat([this.#left, this.#block.subarray(0, this.#used)]))
    const fd = this.#fd
    this.#fd = undefined
    return fd === undefined ? rest : joinContents([fileContent(fd, 0, this.#written), rest])
  }

  /** Frees everything when there will be no content. Harmless after {@link finish}. */
  discard(): void {
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#fd = undefined
  }

  #reserve(size: number): void {
    if (size <= this.#block.length) return
    const larger = Buffer.allocUnsafe(Math.min(MEMORY_LIMIT, Math.max(64 * 1024, size * 2)))
    this.#block.copy(larger, 0, 0, this.#used)
    this.#block = larger
  }

  async #spill(bytes: Buffer, following?: Buffer): Promise<void> {
    let done = 0
    try {
      this.#fd ??= openNameless(this.#directory)
      while (done < bytes.length) {
        const left = bytes.length - done
        const { bytesWritten } = await writeAsync(this.#fd, bytes, done, left, this.#written)
        done += bytesWritten
        this.#written += bytesWritten
      }
    } catch (error) {
      this.#left = Buffer.concat([bytes.subarray(done), following ?? Buffer.alloc(0)])
      throw queueError(error, 'cannot keep the message in', this.#directory)
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
