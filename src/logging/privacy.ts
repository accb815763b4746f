/**
 * What the logs show of mail addresses: the contract of whoever hides them, and the one who hides nothing.
 */
import type { LogFields } from './logger.ts'

/** Hides addresses. */
export interface Privacy {
  /** An address, or a local name; the null sender stays empty. */
  address(address: string): string
  /** A text that may hold addresses, such as a Message-ID. */
  text(text: string): string
  /** The facts of an event. */
  facts(facts: LogFields): LogFields
}

/** Shows everything. */
export const FULL_VIEW: Privacy = { address: (each) => each, text: (each) => each, facts: (each) => each }
