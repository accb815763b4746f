/**
 * The envelope: who the message is from and for, as SMTP sees it. It is made once, at the boundary, and every
 * address in it is known to be safe to send (no control characters, no angle brackets, not empty).
 */

/** When a delivery report is wanted (RFC 3461 section 4.1). `never` stands alone. */
export type Notify = 'never' | 'success' | 'failure' | 'delay'

/** What the sender asks for about one recipient (RFC 3461 sections 4.1 and 4.2). */
export interface RecipientRequest {
  /** Instead of the message's; empty means the usual, and left out means that of the message. */
  readonly notify?: readonly Notify[]
  /**
   * The recipient as the sender named him first: type and address, such as `rfc822;root@h.example`, in printable
   * ASCII, at most 500 characters, not yet xtext.
   */
  readonly original?: string
}

/** What the sender wants to be told, and how (RFC 3461). */
export interface ReportRequest {
  /** Empty means the usual: failures, and delays where the site tells of them. */
  readonly notify?: readonly Notify[]
  /** Whether a report of a failure has the whole message or its headers. */
  readonly ret?: 'full' | 'hdrs'
  /** The sender's own name for this message: printable ASCII, at most 100 characters, not yet xtext. */
  readonly envid?: string
  /** What is asked for about single recipients, by the recipient as the envelope writes him. */
  readonly recipients?: ReadonlyMap<string, RecipientRequest>
}

/** Sender and recipients of one message. */
export interface Envelope {
  /** The return path without angle brackets; the empty string is the null sender `<>`. */
  readonly sender: string
  /** At least one, each once, in the order given. */
  readonly recipients: readonly string[]
  /** Left out when nothing special is asked for. */
  readonly reports?: ReportRequest
  /**
   * The sender declared the body as 8-bit (RFC 6152), also where it happens to be ASCII. Left out, the bytes decide;
   * they also do for a message that was declared 7-bit.
   */
  readonly body?: '8bitmime'
}
