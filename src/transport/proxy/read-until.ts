/**
 * Reads the answer of a proxy and nothing beyond it: what follows belongs to the server behind.
 */
import type { Socket } from 'node:net'

/** No answer of a proxy is longer, in octets. */
const LONGEST = 16 * 1024

/**
 * Reads until an answer is complete. What came after it is left in the socket, which nobody else may be reading.
 *
 * @param lengthOf the length of the answer in octets; undefined as long as it is not complete
 * @returns the answer
 * @throws Error when the connection ends before, or the answer does not
 */
export function readUntil(socket: Socket, lengthOf: (seen: Buffer) => number | undefined): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let seen: Buffer = Buffer.alloc(0)
    const stop = (): void => {
      socket.removeListener('readable', take)
      socket.removeListener('close', ended)
      socket.removeListener('end', ended)
    }
    const ended = (): void => {
      stop()
      reject(new Error('it closed the connection'))
    }
    const take = (): void => {
      const chunk: unknown = socket.read()
      if (!(chunk instanceof Buffer)) return
      seen = Buffer.concat([seen, chunk])
      const length = lengthOf(seen)
      if (length === undefined && seen.length <= LONGEST) return
      stop()
      if (length === undefined) {
        reject(new Error('it sent an endless answer'))
        return
      }
      if (seen.length > length) socket.unshift(seen.subarray(length))
      resolve(seen.subarray(0, length))
    }
    socket.on('readable', take)
    socket.once('close', ended)
    socket.once('end', ended)
    take()
  })
}

/** For answers of a known length. */
export const octets =
  (count: number) =>
  (seen: Buffer): number | undefined =>
    seen.length >= count ? count : undefined
