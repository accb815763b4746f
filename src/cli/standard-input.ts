/**
 * Standard input as a stream of buffers. Plain reads are used as long as the descriptor blocks, because they
 * start faster than a stream object; a descriptor that does not block is read as a stream.
 */
import { readSync } from 'node:fs'
import { errnoOf } from '../errors/errno.ts'

const CHUNK = 64 * 1024

/**
 * Reads standard input to its end. Each buffer belongs to the reader.
 *
 * @throws the system's error when it cannot be read
 */
export async function* standardInput(): AsyncGenerator<Buffer> {
  for (;;) {
    const buffer = Buffer.allocUnsafe(CHUNK)
    let count: number
    try {
      count = readSync(0, buffer)
    } catch (error) {
      if (errnoOf(error) === 'EOF') return
      if (errnoOf(error) !== 'EAGAIN') throw error
      for await (const chunk of process.stdin) yield chunk as Buffer
      return
    }
    if (count === 0) return
    yield buffer.subarray(0, count)
  }
}
