/**
 * The contract of a foreign queue format: where its files are, which of them may be read now, and what the head of
 * a file says. A format knows nothing of the body of a message and changes nothing. It never guesses: what is torn
 * or not its own is refused with the reason.
 */
import type { Envelope, ReportRequest } from '../../message/envelope.ts'

/** One file of a foreign queue. */
export interface Spot {
  /** The folder that holds it. */
  readonly directory: string
  readonly name: string
  /** The caller named this very file, and wants to hear of it whatever it is. */
  readonly named?: boolean
}

/** What the surroundings of a file say, before it is opened. */
export type Look =
  /** No message, and nothing to say about it: a lock, a log, a second name. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'skip'; readonly why: string }
  | {
      readonly kind: 'read'
      /** The program that queued it has given it up. */
      readonly failed: boolean
      /** Paths of the other files that belong to the message and go away with it. */
      readonly companions: readonly string[]
      readonly notes: readonly string[]
    }

/** Octets of a file, from an offset to the one behind the last. */
export type ByteRange = readonly [start: number, end: number]

/** What the head of a file says. Texts are as the foreign program wrote them. */
export interface ForeignHead {
  /** The empty string is the null sender; undefined when the file does not say. */
  readonly sender: string | undefined
  /** Address lists; undefined when the file does not say. */
  readonly recipients: readonly string[] | undefined
  /** Offset of the first octet of the message. */
  readonly start: number
  /** Header fields of the message that its own program takes out before it sends, in order. */
  readonly cuts?: readonly ByteRange[]
  readonly reports?: ReportRequest
  readonly body?: Envelope['body']
  /** Failed attempts so far. */
  readonly attempts?: number
  /** Milliseconds since the epoch. */
  readonly lastAttempt?: number | undefined
  /** Milliseconds since the epoch. */
  readonly queuedAt?: number | undefined
  /** Milliseconds since the epoch at which it is given up. */
  readonly expires?: number | undefined
  readonly batch?: string | undefined
  /** One sentence for everything that is not taken over. */
  readonly notes?: readonly string[]
}

/** A head that could be read, or why it could not. `incomplete`: more octets of the file may help. */
export type HeadResult =
  | { readonly ok: true; readonly head: ForeignHead }
  | { readonly ok: false; readonly incomplete: boolean; readonly why: string }

/** How the queue of one program is read. */
export interface ForeignFormat {
  /** Sub-folders with messages. Where a directory has none of them, its own files are read. */
  readonly folders: readonly string[]
  /** @param now milliseconds since the epoch */
  look(spot: Spot, now: number): Look
  /**
   * Reads the head of a file.
   *
   * @param bytes the first octets of the file
   * @param whole true when they are all
   */
  parse(bytes: Buffer, whole: boolean, spot: Spot): HeadResult
}

/** A refusal that more octets will not change. */
export function refuse(why: string): HeadResult {
  return { ok: false, incomplete: false, why }
}

/** The refusal of a head that ends too early: final when the whole file was seen. */
export function endsEarly(whole: boolean, why: string): HeadResult {
  return { ok: false, incomplete: !whole, why }
}

/** The answer for a file that nothing speaks against; hidden files are no messages. */
export function lookAtName({ name }: Spot, failed = false): Look {
  if (name.startsWith('.')) return { kind: 'nothing' }
  return { kind: 'read', failed, companions: [], notes: [] }
}
