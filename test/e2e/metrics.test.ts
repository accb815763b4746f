/** The metrics of real commands: counted over all processes, and written for the textfile collector after each run. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readExposition } from '../helpers/exposition.ts'
import { M0, openSite } from '../helpers/mail-site.ts'

const EVERYBODY = ['one@d.ex', 'reject-two@d.ex', 'defer-three@d.ex']

it('what is sent at once and from the queue is counted together, and a run writes the file', async () => {
  const site = await openSite({ metrics_file: 'm.prom', limit_per_hour: '100' })
  const file = join(site.directory, 'm.prom')
  await site.run('mq-sendmail', ['-f', 'a@s.ex', ...EVERYBODY], { stdin: M0 })
  await site.run('mq-sendmail', ['-odq', '-f', 'a@s.ex', 'four@d.ex'], { stdin: M0 })
  expect(existsSync(file)).toBe(false)
  await site.run('mq-run', [])
  const recipients = (outcome: string) => `mailqueue_recipients_total{account="default",outcome="${outcome}"}`
  const found = readExposition(readFileSync(file, 'utf8'))
  expect(found).toMatchObject({
    [recipients('delivered')]: 2,
    [recipients('deferred')]: 1,
    [recipients('failed')]: 1,
    mailqueue_queued_messages_total: 2,
    'mailqueue_attempts_total{account="default"}': 2,
    'mailqueue_attempt_duration_seconds_count{account="default"}': 2,
    mailqueue_runs_total: 1,
    'mailqueue_messages{state="waiting"}': 1,
    'mailqueue_messages{state="active"}': 0,
    'mailqueue_breaker{account="default"}': 0,
    'mailqueue_limit{account="default",limit="limit_per_hour"}': 100,
    'mailqueue_limit_used{account="default",limit="limit_per_hour"}': 2,
    mailqueue_suspended: 0,
  })
  expect(found['mailqueue_free_bytes']).toBeGreaterThan(0)
  expect(found['mailqueue_last_run_timestamp_seconds']).toBeGreaterThan(1.7e9)
  await site.run('mq-run', ['--all'])
  expect(readExposition(readFileSync(file, 'utf8'))).toMatchObject({
    [recipients('delivered')]: 2,
    [recipients('deferred')]: 2,
    mailqueue_runs_total: 2,
  })
  expect(site.queue()).toEqual(['new reject-two@d.ex=failed defer-three@d.ex=deferred'])
})

it('a file that cannot be written is said once, and changes nothing else', async () => {
  const site = await openSite({ metrics_file: 'none/m.prom' })
  await site.run('mq-sendmail', ['-odq', '-f', 'a@s.ex', 'one@d.ex'], { stdin: M0 })
  const result = await site.run('mq-run', [])
  expect(result.code).toBe(0)
  expect(result.stderr).toMatch(/^mq-run: cannot write the metrics to \S+: ENOENT[^\n]*incomplete\n$/)
  expect(site.received).toHaveLength(1)
  expect(site.queue()).toEqual([])
})

it('a run of another queue does not count for the configured one', async () => {
  const site = await openSite({ metrics_file: 'm.prom' })
  await site.run('mq-sendmail', ['-odq', '-f', 'a@s.ex', 'one@d.ex'], { stdin: M0 })
  site.configure({ metrics_file: 'm.prom', queue_dir: join(site.directory, 'other') })
  expect(await site.run('mq-run', [site.queueDir])).toMatchObject({ code: 0, stderr: '' })
  expect(existsSync(join(site.directory, 'm.prom'))).toBe(false)
  expect(site.queue()).toEqual([])
})
