/** What is used of a limit: never less than the server may have counted, and never for ever. */
import { describe, expect, it } from 'vitest'
import { LimitUsage, LONGEST_ATTEMPT, type Window } from '../../../../src/delivery/account/limit-usage.ts'

const NOW = 1_795_000_000_000
const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const PER_MINUTE: Window = {
  key: 'limit_per_minute',
  words: 'messages a minute',
  length: MINUTE,
  most: 2,
  counts: 'messages',
}
const RECIPIENTS: Window = { ...PER_MINUTE, length: DAY, most: 10, counts: 'recipients' }
const ONE = { messages: 1, recipients: 1 }

function usageOf(lines: readonly (string | undefined)[], now = NOW): LimitUsage {
  const usage = new LimitUsage()
  usage.add(lines, now)
  return usage
}

describe('a limit', () => {
  it('counts a message from its reservation until a whole window after its end', () => {
    const usage = usageOf([`r aaaaaaaa ${NOW} 1 3`])
    expect(usage.usedOf(PER_MINUTE, NOW)).toBe(1)
    expect(usage.usedOf(RECIPIENTS, NOW)).toBe(3)
    usage.add([`d aaaaaaaa ${NOW + 30 * SECOND}`], NOW + 30 * SECOND)
    expect(usage.usedOf(PER_MINUTE, NOW + 90 * SECOND - 1)).toBe(1)
    expect(usage.usedOf(PER_MINUTE, NOW + 90 * SECOND)).toBe(0)
    expect(usage.usedOf(RECIPIENTS, NOW + DAY)).toBe(3)
  })

  it('forgets what was given back', () => {
    const usage = usageOf([`r aaaaaaaa ${NOW} 1 3`, 'c aaaaaaaa'])
    expect([usage.usedOf(PER_MINUTE, NOW), usage.usedOf(RECIPIENTS, NOW)]).toEqual([0, 0])
  })

  it('counts a reservation of a process that died for as long as an attempt can last', () => {
    const usage = usageOf([`r aaaaaaaa ${NOW} 1 1`])
    expect(usage.usedOf(PER_MINUTE, NOW + MINUTE + LONGEST_ATTEMPT - 1)).toBe(1)
    expect(usage.usedOf(PER_MINUTE, NOW + MINUTE + LONGEST_ATTEMPT)).toBe(0)
  })

  it('says when there is room again', () => {
    const usage = usageOf([`u ${NOW - 50 * SECOND} 1 1`, `u ${NOW - 20 * SECOND} 1 1`])
    expect(usage.fitsAt(PER_MINUTE, ONE, NOW)).toBe(NOW + 10 * SECOND)
    expect(usage.fitsAt({ ...PER_MINUTE, most: 3 }, ONE, NOW)).toBe(NOW)
    expect(usage.fitsAt(PER_MINUTE, { messages: 2, recipients: 2 }, NOW)).toBe(NOW + 40 * SECOND)
  })

  it('has room again when it said so, and from then on', () => {
    const sent = NOW - 30 * SECOND + 3 * SECOND
    const lines = [`u ${sent} 2 2`]
    const said = usageOf(lines).fitsAt(PER_MINUTE, ONE, NOW)
    expect(said).toBe(sent + MINUTE)
    for (let later = 0; later < 30; later += 1) {
      // Another process reads the ledger then.
      const now = said + later * SECOND
      expect(usageOf(lines, now).fitsAt(PER_MINUTE, ONE, now), `${later} s later`).toBe(now)
    }
  })

  it('takes a line that cannot be read for a message, sent before the line behind it', () => {
    const usage = usageOf([undefined, 'x', `u ${NOW - 30 * SECOND} 1 1`, `r aaaaaaaa ${NOW} 1`])
    expect(usage.usedOf(PER_MINUTE, NOW)).toBe(4)
    expect(usage.usedOf(PER_MINUTE, NOW + 30 * SECOND)).toBe(1)
    expect(usage.usedOf(PER_MINUTE, NOW + MINUTE)).toBe(0)
  })

  it('does not take the end of a message of which it knows no beginning for a message', () => {
    expect(usageOf([`d aaaaaaaa ${NOW}`, 'c bbbbbbbb']).usedOf(PER_MINUTE, NOW)).toBe(0)
  })

  it('counts what is dated in a time to come as of now, and says that it should be written down so', () => {
    const usage = usageOf([`u ${NOW + DAY} 1 1`, `r aaaaaaaa ${NOW + DAY} 1 1`])
    expect(usage.ahead).toBe(true)
    expect(usage.usedOf(PER_MINUTE, NOW)).toBe(2)
    const again = usageOf(usage.condensed(NOW), NOW + MINUTE)
    expect(again.ahead).toBe(false)
    expect(again.usedOf(PER_MINUTE, NOW + MINUTE)).toBe(1)
    expect(again.usedOf(PER_MINUTE, NOW + MINUTE + LONGEST_ATTEMPT)).toBe(0)
  })
})

describe('the short form', () => {
  it('never says less than the long one, whatever was sent when', () => {
    let seed = 7
    const random = (most: number): number => (seed = (seed * 48271) % 2147483647) % most
    const lines = Array.from({ length: 3000 }, (_, index) => {
      const id = index.toString(36).padStart(8, '0')
      const time = NOW - random(DAY + HOUR)
      const end = [`d ${id} ${time + random(MINUTE)}`, `c ${id}`, 'nothing'][random(3)] ?? ''
      return { time, lines: [`r ${id} ${time} ${1 + random(3)} ${1 + random(9)}`, end] }
    })
      .sort((left, right) => left.time - right.time)
      .flatMap((each) => each.lines.filter((line) => line !== 'nothing'))
    const long = usageOf(lines)
    const text = long.condensed(NOW)
    const short = usageOf(text)
    for (const length of [MINUTE, HOUR, DAY]) {
      for (const later of [0, SECOND, MINUTE, HOUR, 12 * HOUR, DAY]) {
        for (const counts of ['messages', 'recipients'] as const) {
          const window = { ...PER_MINUTE, length, counts }
          const used = long.usedOf(window, NOW + later)
          expect(short.usedOf(window, NOW + later)).toBeGreaterThanOrEqual(used)
        }
      }
    }
    expect(usageOf(short.condensed(NOW)).condensed(NOW)).toEqual(text)
  })

  it('stays small, however much was sent', () => {
    const usage = new LimitUsage()
    const many = Array.from({ length: 100_000 }, (_, index) => `u ${NOW - index * 860} 1 1`)
    usage.add(many, NOW)
    expect(usage.condensed(NOW).join('\n').length).toBeLessThan(64 * 1024)
    expect(usage.usedOf({ ...PER_MINUTE, length: DAY }, NOW)).toBe(100_000)
  })
})
