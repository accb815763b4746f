/** A delivery report as the tests need it. */
import { composeDeliveryReport } from '../../../../src/message/report/delivery-report.ts'
import type { DeliveryReport } from '../../../../src/message/report/facts.ts'
import { readReport, type ReadReport } from './report-reader.ts'

/** 26 November 2026, 20:00:00 UTC. */
export const NOON = Date.UTC(2026, 10, 26, 20)

export const ORIGINAL_HEADER = [
  'From: Ann <ann@s.ex>',
  'To: ben@d.ex',
  'Subject: Lunch',
  'Date: Thu, 26 Nov 2026 19:00:00 +0000',
  'Message-ID: <one@s.ex>',
  '',
  '',
].join('\r\n')

/** A report of one refusal; `changes` take the place of its members. */
export function sampleReport(changes: Partial<DeliveryReport> = {}): DeliveryReport {
  return {
    kind: 'failed',
    to: 'ann@s.ex',
    reportingHost: 'mail.h.ex',
    domain: 'h.ex',
    key: '1795.M1P2Q3R4.h-1',
    now: NOON,
    queueId: '1795.M1P2Q3R4.h',
    arrival: NOON - 3_600_000,
    recipients: [
      {
        recipient: 'ben@d.ex',
        reason: '550 5.1.1 no such user',
        code: 550,
        enhanced: '5.1.1',
        remoteHost: 'mx.d.ex',
        lastAttempt: NOON - 1000,
      },
    ],
    original: { header: Buffer.from(ORIGINAL_HEADER) },
    ...changes,
  }
}

/** The same, composed and read. */
export function composedReport(changes: Partial<DeliveryReport> = {}): ReadReport {
  return readReport(composeDeliveryReport(sampleReport(changes)))
}
