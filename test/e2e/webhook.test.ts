/**
 * The webhook with the commands as they are installed: killed at each change they make, with a full disk, and against the
 * receivers that the documentation shows.
 */
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { namesIn } from '../helpers/queue-dir.ts'
import { startSmtpSink, type SmtpSink } from '../helpers/smtp-sink.ts'
import { stillPort } from '../helpers/still-port.ts'
import { startWebhookServer, type WebhookServer } from '../helpers/webhook-server.ts'
import { forEveryPoint, MESSAGE, Try, type Point } from './crash-rig.ts'

const SECRET = 'the secret of the application'
/** What changes anything. */
const CHANGES = '^(write|rename|link|unlink|f(data)?sync)'

let sink: SmtpSink
let app: WebhookServer
beforeAll(async () => {
  sink = await startSmtpSink({
    rcpt: ({ address }) => (address.startsWith('no') ? '550 5.1.1 no such user' : undefined),
  })
  app = await startWebhookServer(SECRET)
})
afterAll(async () => {
  await sink.close()
  await app.close()
})

let tries = 0

function newTry(more: Readonly<Record<string, string>> = {}) {
  const attempt = new Try(sink)
  const name = `try${(tries += 1)}`
  const settings = {
    webhook: app.url,
    webhook_secret: SECRET,
    webhook_events: 'delivered failed in-doubt expired',
    ...more,
  }
  attempt.configure(settings)
  const [one, no] = [`one.${name}@d.example`, `no.${name}@d.example`]
  const told = () =>
    app
      .accepted()
      .filter(({ recipient }) => recipient === one || recipient === no)
      .map(({ event, recipient }) => `${event} ${recipient === one ? 'one' : 'no'}`)
  const outbox = () => namesIn(attempt.queueDir, 'outbox')
  return { attempt, settings, one, no, told, outbox }
}

/** Runs the queue until it has nothing to do and nobody to tell. */
async function settle(attempt: Try, settings: Readonly<Record<string, string>>): Promise<void> {
  await attempt.settle(settings)
  await attempt.runQueue(['--all'])
}

async function tryAt(point: Point, spool: 'queue' | 'first' | 'fallback'): Promise<boolean> {
  const { attempt, settings, one, no, told, outbox } = newTry({
    spool: spool === 'first' ? 'first' : 'fallback',
  })
  const send = ['-f', 'a@s.example']
  if (spool === 'queue') {
    const { code } = await attempt.run('mq-sendmail', [...send, '-odq', one, no], MESSAGE)
    expect(code).toBe(0)
  }
  const result =
    spool === 'queue'
      ? await attempt.runAt(point, 'mq-run', [])
      : await attempt.runAt(point, 'mq-sendmail', [...send, one, no], MESSAGE)
  const operations = attempt.operations()
  const reached = operations.length >= point.at
  const where = `${spool}: ${point.how} at ${operations[point.at - 1] ?? 'nothing'}, the ${point.at}.`
  const copies = attempt.deliveries(one)
  await settle(attempt, settings)
  // Mail that the server has, and that we know of, is told of: delivered, or in doubt.
  const isOurs =
    spool === 'queue' || result.signal === null || (spool === 'first' && attempt.holds().length > 0)
  if (isOurs) {
    expect(told(), where).toContain('delivered one')
    expect(told(), where).toContain('failed no')
  }
  if (attempt.deliveries(one) > 1) expect(told(), where).toContain('in-doubt one')
  // A direct submission that was killed has told its caller nothing; everything else is told.
  if (copies > 0 && spool !== 'fallback') expect(told(), where).toContain('delivered one')
  expect(outbox(), where).toEqual([])
  const left = attempt.holds()
  expect(left.length, where).toBeLessThanOrEqual(1)
  if (isOurs) expect(left.join(), where).toContain(`${no}=failed`)
  attempt.end()
  return reached
}

describe('an application hears of everything', () => {
  it('when mq-run is killed before any change', async () => {
    expect(await forEveryPoint((at) => tryAt({ at, how: 'before', ops: CHANGES }, 'queue'))).toBeGreaterThan(
      15,
    )
  })

  it('when mq-run is killed after any change', async () => {
    expect(await forEveryPoint((at) => tryAt({ at, how: 'after', ops: CHANGES }, 'queue'))).toBeGreaterThan(
      15,
    )
  })

  it('when a change of mq-run fails', async () => {
    const errnos = ['ENOSPC', 'EIO', 'EROFS', 'EDQUOT'] as const
    const fails = (at: number) =>
      tryAt({ at, how: errnos[at % errnos.length] ?? 'EIO', ops: CHANGES }, 'queue')
    expect(await forEveryPoint(fails)).toBeGreaterThan(15)
  })

  it.each(['first', 'fallback'] as const)('when mq-sendmail is killed, with spool = %s', async (spool) => {
    expect(await forEveryPoint((at) => tryAt({ at, how: 'before', ops: CHANGES }, spool))).toBeGreaterThan(5)
  })
})

describe('mail that is sent at once', () => {
  it('is told of by the next run, and not before', async () => {
    const { attempt, one, told, outbox } = newTry()
    const sent = await attempt.run('mq-sendmail', ['-f', 'a@s.example', one], MESSAGE)
    expect(sent).toMatchObject({ code: 0, stderr: '' })
    expect([told(), outbox().length, attempt.holds()]).toEqual([[], 1, []])
    expect(await attempt.run('mq-run', [])).toMatchObject({ code: 0, stdout: '', stderr: '' })
    expect([told(), outbox()]).toEqual([['delivered one'], []])
    attempt.end()
  })

  it('is sent also when its report cannot be stored, and one line says so', async () => {
    const { attempt, one, told } = newTry()
    mkdirSync(attempt.queueDir, { mode: 0o700 })
    for (const folder of ['new', 'tmp']) mkdirSync(join(attempt.queueDir, folder))
    writeFileSync(join(attempt.queueDir, 'outbox'), '')
    const sent = await attempt.run('mq-sendmail', ['-f', 'a@s.example', one], MESSAGE)
    expect(sent.code).toBe(0)
    expect(sent.stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/the mail is dealt with, but the webhook will not be told of it: /),
    ])
    expect(attempt.deliveries(one)).toBe(1)
    rmSync(join(attempt.queueDir, 'outbox'))
    await attempt.run('mq-run', [])
    expect([told(), attempt.holds()]).toEqual([[], []])
    attempt.end()
  })

  it('stored in the queue tells that too, when it is asked for', async () => {
    const { attempt, one, told } = newTry({ webhook_events: 'queued' })
    await attempt.run('mq-sendmail', ['-f', 'a@s.example', '-odq', one], MESSAGE)
    expect(await attempt.run('mq-run', [])).toMatchObject({ code: 0, stderr: '' })
    expect([told(), attempt.holds()]).toEqual([['queued one'], []])
    attempt.end()
  })
})

describe.skipIf(process.getuid?.() !== 0)('on a disk that is full', () => {
  it('mail waits until its report has room', async () => {
    const { attempt, one, told, outbox, settings } = newTry()
    mkdirSync(attempt.queueDir, { mode: 0o700 })
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k,mode=0700', 'tmpfs', attempt.queueDir])
    try {
      await attempt.run('mq-sendmail', ['-f', 'a@s.example', '-odq', one], MESSAGE)
      const ballast = join(attempt.queueDir, 'tmp', 'ballast')
      execFileSync('sh', ['-c', `dd if=/dev/zero of=${ballast} bs=4k 2>/dev/null || true`])
      expect((await attempt.run('mq-run', [])).code).toBe(75)
      expect(told()).toEqual([])
      rmSync(ballast)
      await settle(attempt, settings)
      expect(told()).toContain('delivered one')
      expect([outbox(), attempt.holds()]).toEqual([[], []])
    } finally {
      execFileSync('umount', [attempt.queueDir])
    }
    attempt.end()
  })
})

describe('two runs at once', () => {
  it('tell an application that does not hesitate each event once', async () => {
    const { attempt, one, told, outbox } = newTry()
    await attempt.run('mq-sendmail', ['-f', 'a@s.example', one], MESSAGE)
    await Promise.all([attempt.run('mq-run', []), attempt.run('mq-run', ['--force'])])
    await attempt.run('mq-run', [])
    expect([told(), outbox(), attempt.holds()]).toEqual([['delivered one'], [], []])
    const all = app.requests.flatMap(({ events }) => events.filter(({ recipient }) => recipient === one))
    expect(all).toHaveLength(1)
    attempt.end()
  })
})

/** The example of the documentation in that language, as a program. */
function example(language: 'js' | 'python'): string {
  const page = readFileSync(new URL('../../docs/webhook.md', import.meta.url), 'utf8')
  return new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(page)?.[1] ?? ''
}

describe('the receiver in the documentation', () => {
  it.each([
    ['js', process.execPath, 'receiver.mjs'],
    ['python', 'python3', 'receiver.py'],
  ] as const)('in %s takes what is signed, once, and nothing else', async (language, program, file) => {
    const port = await stillPort()
    const { attempt, one, outbox, settings } = newTry({ webhook: `http://127.0.0.1:${port}/` })
    const path = join(attempt.directory, file)
    writeFileSync(path, example(language))
    const env = { PATH: process.env['PATH'] ?? '', WEBHOOK_SECRET: SECRET, PORT: String(port) }
    const child = spawn(program, [path], { env, stdio: ['ignore', 'pipe', 'inherit'] })
    onTestFinished(() => void child.kill())
    let printed = ''
    child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()))
    await attempt.run('mq-sendmail', ['-f', 'a@s.example', one], MESSAGE)
    const [name = ''] = outbox()
    const report = readFileSync(join(attempt.queueDir, 'outbox', name))
    // It may not listen yet.
    while (outbox().length > 0) await attempt.run('mq-run', ['--all'])
    writeFileSync(join(attempt.queueDir, 'outbox', name), report, { mode: 0o600 })
    expect(await attempt.run('mq-run', ['--all'])).toMatchObject({ code: 0, stderr: '' })
    expect(printed.trim().split('\n')).toEqual([expect.stringMatching(`^delivered ${one} 250 `)])
    attempt.configure({ ...settings, webhook_secret: 'another secret' })
    const checked = await attempt.run('mq-send-test', ['--check'])
    expect(checked.stdout).toMatch(/webhook.*answered with status 401/s)
    attempt.configure(settings)
    expect((await attempt.run('mq-send-test', ['--check'])).stdout).toMatch(/webhook.*answered/)
    expect([outbox(), attempt.holds()]).toEqual([[], []])
    attempt.end()
  })
})
