/** Dates in different zones. */
import { afterEach, describe, expect, it } from 'vitest'
import { formatDate } from '../../../src/message/date.ts'

const before = process.env['TZ']
afterEach(() => {
  if (before === undefined) delete process.env['TZ']
  else process.env['TZ'] = before
})

describe('formatDate', () => {
  it.each([
    ['UTC', '2026-11-21T20:28:27.999Z', 'Sat, 21 Nov 2026 20:28:27 +0000'],
    ['Europe/Berlin', '2026-11-21T19:28:27Z', 'Sat, 21 Nov 2026 20:28:27 +0100'],
    ['Europe/Berlin', '2026-07-01T22:05:09Z', 'Thu, 02 Jul 2026 00:05:09 +0200'],
    ['America/St_Johns', '2026-01-01T00:00:00Z', 'Wed, 31 Dec 2025 20:30:00 -0330'],
    ['Asia/Kathmandu', '2028-02-28T18:15:00Z', 'Tue, 29 Feb 2028 00:00:00 +0545'],
  ])('writes the time of %s at %s', (zone, time, text) => {
    process.env['TZ'] = zone
    expect(formatDate(Date.parse(time))).toBe(text)
  })
})
