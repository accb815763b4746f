/**
 * The message as the protocol engine gets it. It knows the moment after which the outcome is in doubt:
 * `beforeLastByte` runs directly before the last byte is handed over, and if it throws, or if the content
 * can't be read or has not the announced size, that byte is never handed over.
 */
import type { Readable } from 'node:stream'
import type { MessageContent } from '../message/content.ts'
import { BodyStream } from './body-stream.ts'
import type { Ending } from './ending.ts'

/** What does not go out as it stands: a dot at the start of a line, a line end that is not CRLF. */
const NEEDS_CARE = /(?:^|\n)\.|\r(?!\n)|(?:^|[^\r])\n/

/** Whether the bytes are what stands between the reply to DATA and the final dot (RFC 5321 section 4.5.2). */
function isReady(bytes: Buffer): boolean {
  return bytes[bytes.length - 1] === 0x0a && !NEEDS_CARE.test(bytes.toString('latin1'))
}

/** Who is told what while a message flows. */
export interface BodyHooks {
  /** Called once; may throw to stop the message. */
  beforeLastByte(): void
  /** The first byte is wanted (`wanted`), a part has been taken (`taken`), all is handed over (`complete`). */
  progress(step: 'wanted' | 'taken' | 'complete'): void
  /** The message can't be completed, for a reason of this machine. Nothing more will be handed over. */
  failed(error: unknown): void
}

/** One pass over a message. Of a stream it has what the engine uses: it is piped when the server has accepted DATA. */
export class MessageBody {
  readonly #content: MessageContent
  readonly #hooks: BodyHooks
  #stream: BodyStream | undefined
  #started = false
  #handedOver = false
  #destroyed = false
  /** Set by who knows the connection. */
  ending: Ending | undefined

  constructor(content: MessageContent, hooks: BodyHooks) {
    this.#content = content
    this.#hooks = hooks
  }

  /** True once the first byte was asked for: the server has accepted DATA. */
  get started(): boolean {
    return this.#started
  }

  /** True once the last byte was handed over. */
  get handedOver(): boolean {
    return this.#handedOver
  }

  /** A message in memory goes out in one piece, where nothing has to be changed in it; any other in parts. */
  pipe(destination: NodeJS.WritableStream): void {
    const { ending } = this
    const { bytes } = this.#content
    if (bytes === undefined || ending === undefined || !isReady(bytes)) this.#pipeParts(destination)
    else if (this.#begin() && this.#handOver(bytes.length)) ending.sendWhole(destination, bytes)
  }

  /** Nothing more is handed over. The content can be read again. */
  destroy(): void {
    this.#destroyed = true
    this.#stream?.destroy()
  }

  #pipeParts(destination: NodeJS.WritableStream): void {
    this.#stream = new BodyStream(this.#content, {
      begin: () => this.#begin(),
      taken: () => this.#hooks.progress('taken'),
      finish: (octets) => {
        if (!this.#handOver(octets)) return false
        this.ending?.holdBack()
        return true
      },
      failed: (error) => this.#hooks.failed(error),
    })
    this.#stream.pipe(destination)
  }

  #begin(): boolean {
    this.#started = true
    try {
      this.#hooks.progress('wanted')
      return true
    } catch (error) {
      this.#hooks.failed(error)
      return false
    }
  }

  /** Announces the last byte. False when it must not go out. */
  #handOver(octets: number): boolean {
    if (this.#destroyed) return false
    try {
      if (octets !== this.#content.size) {
        throw new Error(`the content has ${octets} bytes instead of ${this.#content.size}`)
      }
      this.#hooks.beforeLastByte()
    } catch (error) {
      this.#hooks.failed(error)
      return false
    }
    this.#handedOver = true
    this.#hooks.progress('complete')
    return true
  }
}

/** The body as the engine's declaration wants it, which uses no more of a stream than a body has. */
export const asStream = (body: MessageBody): Readable => body as unknown as Readable
