/** How far a run is, in one line on a terminal. */
import { describe, expect, it } from 'vitest'
import { progressLine, showProgress } from '../../../../src/cli/run/progress.ts'
import { newReport } from '../../../../src/delivery/run-report.ts'

const so = (delivered: number, others = {}) => ({ ...newReport(), delivered, ...others })

/** A terminal that keeps what it is shown, and a time that is set by hand. */
function watched(shown = true) {
  const seen: string[] = []
  const clock = { now: 0 }
  const terminal = { shown, guide: (text: string) => void seen.push(text) }
  return { seen, clock, progress: showProgress(terminal, 100, () => clock.now) }
}

describe('progressLine', () => {
  it.each([
    [so(50), 100, 5000, '50 of 100 tried, 50 delivered, 0 deferred, 10/s, 5s to go'],
    [so(2, { deferred: 1, failed: 1 }), undefined, 8000, '4 tried, 2 delivered, 1 deferred, 1 failed, 0.5/s'],
    [so(0), 100, 3000, '0 of 100 tried, 0 delivered, 0 deferred, 0.0/s'],
    [so(120), 100, 10_000, '120 of 100 tried, 120 delivered, 0 deferred, 12/s, 0s to go'],
  ])('says what a person wants to know %#', (report, total, spent, line) => {
    expect(progressLine(report, total, spent)).toBe(line)
  })
})

describe('showProgress', () => {
  it('shows nothing of a run that ends soon', () => {
    const { seen, clock, progress } = watched()
    clock.now = 1700
    progress.update(so(10))
    expect(progress.end()).toBe(false)
    expect(seen).toEqual([])
  })

  it('writes its line again a few times a second, and takes it away in the end', () => {
    const { seen, clock, progress } = watched()
    clock.now = 2000
    progress.update(so(20))
    clock.now = 2100
    progress.update(so(21))
    clock.now = 2500
    progress.update(so(25))
    expect(progress.end()).toBe(true)
    expect(seen).toEqual([
      '\r20 of 100 tried, 20 delivered, 0 deferred, 10/s, 8s to go\x1b[K',
      '\r25 of 100 tried, 25 delivered, 0 deferred, 10/s, 7s to go\x1b[K',
      '\r\x1b[K',
    ])
  })

  it('shows nothing where nobody looks', () => {
    const { seen, clock, progress } = watched(false)
    clock.now = 9000
    progress.update(so(20))
    expect(progress.end()).toBe(false)
    expect(seen).toEqual([])
  })
})
