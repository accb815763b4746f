/**
 * mq-sendmail is killed at each of its file operations, and each of them is made to fail. Whatever it said
 * "accepted" to arrives, nothing arrives torn, and a copy too many is never without a doubt on record.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startSmtpSink, type SmtpSink } from '../helpers/smtp-sink.ts'
import { forEveryPoint, MESSAGE, Try, type Point } from './crash-rig.ts'

let sink: SmtpSink
let tries = 0
beforeAll(async () => {
  sink = await startSmtpSink()
})
afterAll(() => sink.close())

interface Scenario {
  readonly what: string
  readonly settings: Readonly<Record<string, string>>
  readonly options: readonly string[]
  /** The smarthost can be reached at once. */
  readonly up: boolean
}

const SCENARIOS: readonly Scenario[] = [
  { what: 'queueing because the smarthost is down', settings: { smtp_port: '1' }, options: [], up: false },
  { what: 'storing before sending', settings: { spool: 'first' }, options: [], up: true },
  { what: 'queueing only', settings: {}, options: ['-odq'], up: false },
]

/** Runs mq-sendmail up to a point, then the queue, and checks that all promises are kept. */
async function tryAt({ settings, options }: Scenario, point: Point): Promise<boolean> {
  const attempt = new Try(sink)
  tries += 1
  const recipient = `r${tries}@d.example`
  attempt.configure(settings)
  const { code, signal } = await attempt.runAt(
    point,
    'mq-sendmail',
    [...options, '-f', 'a@s.example', recipient],
    MESSAGE,
  )
  const reached = attempt.operations().length >= point.at
  if (reached) expect(signal).toBe('SIGKILL')
  else expect(code).toBe(0)
  const doubtful = await attempt.settle()
  const copies = attempt.deliveries(recipient)
  expect(attempt.holds()).toEqual([])
  if (code === 0) expect(copies).toBeGreaterThanOrEqual(1)
  expect(copies).toBeLessThanOrEqual(doubtful.has(recipient) ? 2 : 1)
  attempt.end()
  return reached
}

describe.each(SCENARIOS)('mq-sendmail, $what', (scenario) => {
  it('may be killed before any of its file operations', async () => {
    expect(await forEveryPoint((at) => tryAt(scenario, { at, how: 'before' }))).toBeGreaterThan(15)
  })

  it('may be killed in the middle of any of its writes', async () => {
    const points = await forEveryPoint((at) => tryAt(scenario, { at, how: 'half', ops: '^write' }))
    expect(points).toBeGreaterThanOrEqual(1)
  })
})

/** Operations without which a message cannot be accepted. */
const NEEDED = /^(openSync|writeSync|writevSync|fsync|renameSync|mkdirSync)$/
const ERRNOS = ['ENOSPC', 'EIO', 'EMFILE', 'EROFS', 'EDQUOT'] as const

/** Lets one operation fail. What was not accepted is nowhere; what was is delivered once. */
async function failAt({ settings, options }: Scenario, point: Point): Promise<boolean> {
  const attempt = new Try(sink)
  tries += 1
  const recipient = `r${tries}@d.example`
  attempt.configure(settings)
  const args = [...options, '-f', 'a@s.example', recipient]
  const { code, stderr } = await attempt.runAt(point, 'mq-sendmail', args, MESSAGE)
  const operations = attempt.operations()
  const reached = operations.length >= point.at
  const failing = operations[point.at - 1] ?? ''
  const copies = attempt.deliveries(recipient)
  if (code === 0) {
    expect(copies + attempt.holds().length, `${point.how} at ${failing}`).toBeGreaterThanOrEqual(1)
  } else {
    expect(code, `${point.how} at ${failing}: ${stderr}`).toBe(point.how === 'EACCES' ? 77 : 75)
    expect(stderr.split('\n')).toHaveLength(2)
    expect(copies, `${point.how} at ${failing}`).toBe(0)
    expect(attempt.holds(), `${point.how} at ${failing}`).toEqual([])
  }
  // Who also tries to send writes other things too: a note about the account, a flight log. They are not needed.
  if (reached && options.includes('-odq') && NEEDED.test(failing)) expect(code, failing).not.toBe(0)
  if (attempt.holds().length > 0) {
    const doubtful = await attempt.settle()
    expect(attempt.deliveries(recipient)).toBeGreaterThanOrEqual(1)
    expect(attempt.deliveries(recipient)).toBeLessThanOrEqual(doubtful.has(recipient) ? 2 : 1)
    expect(attempt.holds()).toEqual([])
  }
  attempt.end()
  return reached
}

describe.each(SCENARIOS)('mq-sendmail, $what', (scenario) => {
  it('accepts the message or leaves no trace of it when an operation fails', async () => {
    const points = await forEveryPoint((at) =>
      failAt(scenario, { at, how: ERRNOS[at % ERRNOS.length] ?? 'EIO' }),
    )
    expect(points).toBeGreaterThan(15)
  })

  it('accepts the message or leaves no trace of it when an operation is not permitted', async () => {
    expect(await forEveryPoint((at) => failAt(scenario, { at, how: 'EACCES' }))).toBeGreaterThan(15)
  })
})
