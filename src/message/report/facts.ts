/**
 * What a delivery report tells, before it is put into words for people and fields for programs.
 */
import type { OriginalMessage } from '../original-message.ts'

/** What is reported, as the field Action has it; `relayed` is success at a server that sends no reports. */
export type ReportKind = 'failed' | 'delayed' | 'relayed'

/** One recipient of the original, and what became of him. */
export interface ReportedRecipient {
  /** The envelope address. */
  readonly recipient: string
  /** Type and address of the recipient as the sender named him, such as `rfc822;root@h.example`. */
  readonly original?: string | undefined
  /** Enhanced status code of the last reply (RFC 3463); its class is corrected where it contradicts the report. */
  readonly enhanced?: string
  /** The server's whole last reply, or our words when there was none; empty when nothing is known. */
  readonly reason: string
  /** The three-digit reply code; left out when there was no reply. */
  readonly code?: number
  /** The server that replied; told only together with `code`. */
  readonly remoteHost?: string
  /** Set when the message failed by its age and not by a reply. */
  readonly expired?: true
  /** With `expired`: an administrator gave it up, whatever its age. */
  readonly stopped?: true
  /** Milliseconds since the epoch. */
  readonly lastAttempt?: number
  /** When it is given up, in milliseconds since the epoch; for `delayed` only. */
  readonly retryUntil?: number
}

/** What a report says. */
export interface DeliveryReport {
  readonly kind: ReportKind
  /** Who gets it: the envelope sender of the original, or the postmaster. */
  readonly to: string
  /** Set when it goes to the postmaster, because the original has the null sender. */
  readonly toPostmaster?: true
  /** The name of this host. */
  readonly reportingHost: string
  /** The mail domain of this host, for From and Message-ID. */
  readonly domain: string
  /** What the Message-ID is made of: unique at the domain, such as the queue id and a running number. */
  readonly key: string
  /** Milliseconds since the epoch. */
  readonly now: number
  readonly queueId: string
  /** When this host accepted the original, in milliseconds since the epoch. */
  readonly arrival: number
  /** The sender's own name for the original, without xtext. */
  readonly envid?: string
  /** At least one. */
  readonly recipients: readonly ReportedRecipient[]
  readonly original: OriginalMessage
}
