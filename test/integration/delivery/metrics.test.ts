/** Promises of src/delivery/metrics/metrics.ts with a real queue: nothing is lost between processes, nothing fails. */
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  appendFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openMetrics, type Metrics } from '../../../src/delivery/metrics/metrics.ts'
import { MaildirQueue } from '../../../src/queue/maildir-queue.ts'
import { systemClock } from '../../../src/util/clock.ts'
import { readExposition } from '../../helpers/exposition.ts'
import { scratchDirectory } from '../logging/listener.ts'

function site() {
  const directory = scratchDirectory()
  const queueDir = join(directory, 'queue')
  const complaints: string[] = []
  const open = (): Metrics =>
    openMetrics({
      queue: new MaildirQueue(queueDir),
      config: { accounts: [] },
      clock: systemClock,
      complain: (line) => complaints.push(line),
    })
  const file = join(directory, 'mailqueue.prom')
  return { directory, queueDir, complaints, open, file }
}

const failures = 'mailqueue_account_failures_total{account="news"}'

const FAILED = { account: 'news', transport: 's', trouble: 'login', reason: 'r', failures: 1, until: 1 }

function count(metrics: Metrics, times = 1): void {
  for (let at = 0; at < times; at += 1) metrics.log.error('account.failed', FAILED)
}

it('adds up what several processes count at the same time, and condenses it', async () => {
  const { open, complaints, queueDir } = site()
  const several = Array.from({ length: 10 }, open)
  for (let round = 0; round < 400; round += 1)
    await Promise.all(
      several.map(async (metrics) => {
        count(metrics)
        await metrics.keep()
      }),
    )
  expect(readExposition(await open().text())[failures]).toBe(4000)
  const ledgers = readdirSync(join(queueDir, 'notes')).filter((name) => name.startsWith('ledger.metrics.'))
  expect(ledgers).toHaveLength(1)
  expect(statSync(join(queueDir, 'notes', ledgers[0] ?? '')).size).toBeLessThan(130 * 1024)
  expect(complaints).toEqual([])
})

it('shows what it has counted and not added yet', async () => {
  const { open } = site()
  const metrics = open()
  count(metrics)
  await metrics.keep()
  count(metrics, 2)
  expect(readExposition(await metrics.text())[failures]).toBe(3)
})

it('goes on with what is left of a damaged ledger, and says so once', async () => {
  const { open, complaints, queueDir } = site()
  const first = open()
  count(first)
  await first.keep()
  appendFileSync(join(queueDir, 'notes/ledger.metrics.1'), 'broken\0line\n')
  for (const metrics of [open(), open()]) {
    count(metrics)
    await metrics.keep()
  }
  expect(complaints).toEqual([expect.stringContaining('was damaged')])
  expect(readExposition(await open().text())[failures]).toBe(3)
})

it('keeps what cannot be added for the next time, after a complaint', async () => {
  const { open, complaints, queueDir } = site()
  writeFileSync(queueDir, 'no directory')
  const metrics = open()
  count(metrics)
  await metrics.keep()
  await metrics.keep()
  expect(complaints).toEqual([expect.stringMatching(/^cannot count for the metrics: .*incomplete$/)])
  rmSync(queueDir)
  await metrics.keep()
  expect(readExposition(await metrics.text())[failures]).toBe(1)
})

it('replaces the file as a whole, readable for all, and never writes through a link', async () => {
  const { open, file, directory, complaints } = site()
  const metrics = open()
  count(metrics)
  await metrics.keep()
  writeFileSync(join(directory, 'other'), 'untouched')
  symlinkSync(join(directory, 'other'), file)
  symlinkSync(join(directory, 'other'), join(directory, '.mailqueue.prom.tmp'))
  await metrics.writeFile(file)
  expect(readExposition(readFileSync(file, 'utf8'))).toMatchObject({
    [failures]: 1,
    'mailqueue_messages{state="waiting"}': 0,
    mailqueue_suspended: 0,
  })
  expect(statSync(file).mode & 0o777).toBe(0o644)
  expect(readFileSync(join(directory, 'other'), 'utf8')).toBe('untouched')
  expect(readdirSync(directory).sort()).toEqual(['mailqueue.prom', 'other', 'queue'])
  expect(complaints).toEqual([])
})

it('complains once about a file that cannot be written, and leaves nothing behind', async () => {
  const { open, directory, complaints } = site()
  const metrics = open()
  count(metrics)
  await metrics.keep()
  mkdirSync(join(directory, 'taken'))
  await metrics.writeFile(join(directory, 'taken'))
  await metrics.writeFile(join(directory, 'none/x.prom'))
  expect(complaints).toEqual([expect.stringMatching(/^cannot write the metrics to .*EISDIR/)])
  expect(readdirSync(directory).sort()).toEqual(['queue', 'taken'])
})
