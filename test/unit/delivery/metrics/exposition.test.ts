/** Promises of src/delivery/metrics/: what is counted, how it is added up, and how it is written. */
import { describe, expect, it } from 'vitest'
import { countingLogger } from '../../../../src/delivery/metrics/counting-logger.ts'
import { addCounts, countKey, countsLine, countsOf } from '../../../../src/delivery/metrics/counts.ts'
import { countedSamples, exposition } from '../../../../src/delivery/metrics/exposition.ts'
import { METRICS } from '../../../../src/delivery/metrics/table.ts'
import { readExposition } from '../../../helpers/exposition.ts'

const read = (counts: ReadonlyMap<string, number>) => readExposition(exposition(countedSamples(counts)))

describe('counts', () => {
  it('are those of the events, by account', () => {
    const { log, counts } = countingLogger()
    const about = { account: 'news', sender: 's@x', recipient: 'r@x' }
    log.info('message.delivered', { ...about, status: 'delivered', reply: '250 ok' })
    log.info('message.delivered', { ...about, status: 'delivered', reply: '250 ok' })
    log.warn('message.failed', { ...about, status: 'failed', scope: 'recipient', reason: 'no' })
    log.debug('attempt.finished', { account: 'news', server: 's', size: 100, duration: 250 })
    log.debug('attempt.finished', { account: 'news', server: 's', size: 11, duration: 1_000_000 })
    log.warn('message.held', { id: 'q1' })
    expect(read(counts)).toEqual({
      'mailqueue_recipients_total{account="news",outcome="delivered"}': 2,
      'mailqueue_recipients_total{account="news",outcome="failed"}': 1,
      'mailqueue_attempts_total{account="news"}': 2,
      'mailqueue_attempted_bytes_total{account="news"}': 111,
      'mailqueue_attempt_duration_seconds_bucket{account="news",le="0.1"}': 0,
      'mailqueue_attempt_duration_seconds_bucket{account="news",le="0.3"}': 1,
      'mailqueue_attempt_duration_seconds_bucket{account="news",le="1"}': 1,
      'mailqueue_attempt_duration_seconds_bucket{account="news",le="3"}': 1,
      'mailqueue_attempt_duration_seconds_bucket{account="news",le="10"}': 1,
      'mailqueue_attempt_duration_seconds_bucket{account="news",le="30"}': 1,
      'mailqueue_attempt_duration_seconds_bucket{account="news",le="100"}': 1,
      'mailqueue_attempt_duration_seconds_bucket{account="news",le="300"}': 1,
      'mailqueue_attempt_duration_seconds_bucket{account="news",le="+Inf"}': 2,
      'mailqueue_attempt_duration_seconds_sum{account="news"}': 1000.25,
      'mailqueue_attempt_duration_seconds_count{account="news"}': 2,
    })
  })

  it('survive being written as a line and read back, whatever an account is called', () => {
    const names = ['a b', 'c=d', 'e,f', 'ü"\\', '', 'g;h']
    const counts = new Map(names.map((name, at) => [countKey('mailqueue_attempts_total', name), at + 1]))
    const line = countsLine(counts)
    expect(line).toMatch(/^[\x20-\x7e]+$/)
    expect(countsOf([line])).toEqual(counts)
    expect(Object.keys(read(counts))).toHaveLength(names.length)
  })

  it('of several lines are added up, and of a damaged line what can be read', () => {
    const key = countKey('mailqueue_attempts_total', 'a')
    expect(countsOf([`${key}=1`, undefined, `${key}=2 x=y ${key} =7 ${key}=-5`, ''])).toEqual(
      new Map([[key, 3]]),
    )
  })

  it('of another version are passed over', () => {
    const counts = new Map([
      ['other_total,a', 1],
      ['mailqueue_attempts_total,a,b', 1],
      ['mailqueue_attempts_total,%', 1],
      ['mailqueue_attempt_duration_seconds,a,nine', 1],
    ])
    expect(Object.values(read(new Map([...counts, ['mailqueue_runs_total', 4]])))).toEqual(
      expect.arrayContaining([4]),
    )
    expect(exposition(countedSamples(counts))).not.toContain('other')
  })

  it('are exact to a thousandth however often something is added', () => {
    const counts = new Map<string, number>()
    for (let times = 0; times < 1000; times += 1) addCounts(counts, [['x', 0.1]])
    expect(counts.get('x')).toBe(100)
  })
})

describe('the table', () => {
  it.each(Object.entries(METRICS))('%s has a name and a meaning as Prometheus wants them', (name, metric) => {
    expect(name).toMatch(/^mailqueue_[a-z_]+$/)
    expect(name.endsWith('_total')).toBe(metric.type === 'counter')
    expect(metric.help).toMatch(/^[^"\n\\|]+\.$|^[^"\n\\|]+$/)
  })
})
