/**
 * How a site makes delivery reports: whom it tells of what, how often, and under which name.
 */
import type { ReportSettings } from './policy.ts'

/** The part of the configuration that rules delivery reports. */
export interface ReportPractice extends ReportSettings {
  /** Reports an hour, to all senders together; what is above waits. */
  readonly limit: number
  /** The name of this host, as reports give it. */
  readonly host: string
  /** The domain that reports come from. */
  readonly domain: string
  /** The account that reports go over; that of the message when left out. */
  readonly account?: string
}

/** Nobody is told anything. */
export const NO_REPORTS: ReportPractice = {
  bounce: 'none',
  limit: 0,
  host: 'localhost',
  domain: 'localhost',
}
