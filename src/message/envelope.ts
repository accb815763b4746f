/**
 * The envelope: who the message is from and for, as SMTP sees it. It is made once, at the boundary, and every
 * address in it is known to be safe to send (no control characters, no angle brackets, not empty).
 */

/** When a delivery report is wanted (RFC 3461 section 4.1). `never` stands alone. */
export type Notify = 'never' | 'success' | 'failure' | 'delay'

/** What the sender wants to be told, and how (RFC 3461). */
export interface ReportRequest {
  /** Empty means the usual: failures, and delays where the site tells of them. */
  readonly notify?: readonly Notify[]
  /** Whether a report of a failure has the whole message or its headers. */
  readonly ret?: 'full' | 'hdrs'
  /** The sender's own name for this message: printable ASCII, at most 100 characters, not yet xtext. */
  readonly envid?: string
}

/** Sender and recipients of one message. */
export interface Envelope {
  /** The return path without angle brackets; the empty string is the null sender `<>`. */
  readonly sender: string
  /** At least one, each once, in the order given. */
  readonly recipients: readonly string[]
  /** Left out when nothing special is asked for. */
  readonly reports?: ReportRequest
}
