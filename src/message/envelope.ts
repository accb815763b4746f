/**
 * The envelope: who the message is from and for, as SMTP sees it. It is made once, at the boundary, and every
 * address in it is known to be safe to send (no control characters, no angle brackets, not empty).
 */

/** Sender and recipients of one message. */
export interface Envelope {
  /** The return path without angle brackets; the empty string is the null sender `<>`. */
  readonly sender: string
  /** At least one, each once, in the order given. */
  readonly recipients: readonly string[]
}
