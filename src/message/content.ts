/**
 * A complete message as it will be sent: CRLF line ends, final, never to be changed again. Small messages are
 * held in memory, large ones stay in a file and are only ever streamed, so memory does not grow with size.
 */
import { closeSync, read } from 'node:fs'
import { Readable } from 'node:stream'

/** The bytes of one message, readable any number of times until closed. */
export interface MessageContent {
  /** Size in octets, header block included, CRLF counted as two. */
  readonly size: number
  /** The whole message, when it is small enough to be held in memory. */
  readonly bytes: Buffer | undefined
  /** A fresh stream from the first byte. Several streams may be open at once. */
  stream(): Readable
  /** Frees what holds the bytes. The content must not be used afterwards; closing twice is harmless. */
  close(): void
}

/** Content that is held in memory. */
export function bufferContent(bytes: Buffer): MessageContent {
  return {
    size: bytes.length,
    bytes,
    stream: () => Readable.from([bytes], { objectMode: false }),
    close: () => undefined,
  }
}

/** Octets that are read from a file at a time. */
const CHUNK = 256 * 1024

function readAt(fd: number, buffer: Buffer, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, buffer, 0, buffer.length, position, (error, count) => {
      if (error === null) resolve(count)
      else reject(error)
    })
  })
}

/** Somebody has cut a file off that was being read: nobody can tell what the rest of the message was. */
export class FileCutShort extends Error {
  constructor() {
    super('the file became shorter while it was read')
  }
}

/** Reads by position: any number of readers may share the descriptor, and none of them ever closes it. */
async function* fileChunks(fd: number, start: number, size: number): AsyncGenerator<Buffer> {
  for (let at = start; at < start + size;) {
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK, start + size - at))
    const count = await readAt(fd, buffer, at)
    // Sending a part of a message as if it were the whole is worse than not sending it.
    if (count === 0) throw new FileCutShort()
    at += count
    yield buffer.subarray(0, count)
  }
}

/**
 * Content that is a part of an open file, from an offset to the end that `size` gives.
 *
 * @param fd open for reading; `close` closes it
 * @param start offset of the first byte in the file
 * @param size length in octets
 */
export function fileContent(fd: number, start: number, size: number): MessageContent {
  let open = true
  return {
    size,
    bytes: undefined,
    stream: () => {
      // The number of a closed descriptor may belong to another file by now.
      if (!open) throw new Error('the message was closed before it was read')
      return Readable.from(fileChunks(fd, start, size), { objectMode: false })
    },
    close: () => {
      if (!open) return
      open = false
      closeSync(fd)
    },
  }
}

/**
 * Puts octets, such as a completed header block, in front of a body.
 *
 * @param head goes first
 * @param body the rest; closing the result closes it
 * @returns bytes in memory when the body is in memory, otherwise content that streams one after the other
 */
export function joinContent(head: Buffer, body: MessageContent): MessageContent {
  return joinContents([bufferContent(head), body])
}

/** Puts contents one behind the other. Closing the result closes them all. */
export function joinContents(parts: readonly MessageContent[]): MessageContent {
  const close = () => {
    for (const part of parts) part.close()
  }
  const held = parts.flatMap(({ bytes }) => bytes ?? [])
  if (held.length === parts.length) return { ...bufferContent(Buffer.concat(held)), close }
  return {
    size: parts.reduce((sum, { size }) => sum + size, 0),
    bytes: undefined,
    stream: () => Readable.from(oneByOne(parts), { objectMode: false }),
    close,
  }
}

async function* oneByOne(parts: readonly MessageContent[]): AsyncGenerator<Buffer> {
  for (const part of parts) {
    if (part.bytes === undefined) yield* part.stream()
    else yield part.bytes
  }
}

/**
 * What follows the first octets of a content.
 *
 * @param content closing the result closes it
 * @param start how many octets to leave out, at most its size
 */
export function contentAfter(content: MessageContent, start: number): MessageContent {
  const close = () => content.close()
  if (content.bytes !== undefined) return { ...bufferContent(content.bytes.subarray(start)), close }
  return {
    size: content.size - start,
    bytes: undefined,
    stream: () => Readable.from(withoutFirst(content, start), { objectMode: false }),
    close,
  }
}

async function* withoutFirst(content: MessageContent, start: number): AsyncGenerator<Buffer> {
  let left = start
  for await (const chunk of content.stream() as AsyncIterable<Buffer>) {
    if (left < chunk.length) yield chunk.subarray(left)
    left = Math.max(0, left - chunk.length)
  }
}
