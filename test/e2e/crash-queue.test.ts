/**
 * mq-queue is killed at each of its file operations, and each of them is made to fail, while it changes messages.
 * Afterwards each message is in one place, where its journal says after one run, nothing is lost, and a sender hears
 * at most once more than he should.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bufferContent } from '../../src/message/content.ts'
import { MaildirQueue } from '../../src/queue/maildir-queue.ts'
import { startSmtpSink, type SmtpSink } from '../helpers/smtp-sink.ts'
import { forEveryPoint, Try, WIRE, type Point } from './crash-rig.ts'

const ERRNOS = ['ENOSPC', 'EIO', 'EMFILE', 'EROFS', 'EDQUOT'] as const
/** Reading brings no danger; what cannot be read for lack of permission goes to corrupt/. */
const CHANGES = '^(write|rename|unlink|mkdir|f(data)?sync|open$)'

interface Scenario {
  readonly name: string
  readonly args: readonly string[]
  /** What is done before, without a fault. */
  readonly before?: readonly string[]
  /** The states that may be left after one run; a report counts apart. */
  readonly after: readonly RegExp[]
  /** Reports that the sender may get at the most. */
  readonly reports?: number
  /** Copies that the recipient may get: one when it was not changed. */
  readonly copies: readonly [least: number, most: number]
}

const HELD = /^hold m-\S+=pending$/
/** Also when the sender was told. */
const GIVEN_UP = /^failed m-\S+=(expired|bounce)$/
const SCENARIOS: readonly Scenario[] = [
  { name: 'hold', args: ['hold'], after: [HELD], copies: [0, 1] },
  { name: 'release', before: ['hold'], args: ['release'], after: [HELD], copies: [0, 1] },
  { name: 'delete', args: ['delete'], after: [], copies: [0, 1] },
  {
    name: 'retry',
    before: ['expire'],
    args: ['retry'],
    after: [GIVEN_UP],
    reports: 1,
    copies: [0, 1],
  },
  { name: 'edit', args: ['edit', '--remove', 'x-TAG', '--priority', '3'], after: [], copies: [1, 1] },
  { name: 'expire', args: ['expire'], after: [GIVEN_UP], reports: 2, copies: [0, 1] },
  { name: 'bounce', args: ['bounce'], after: [GIVEN_UP], reports: 2, copies: [0, 1] },
]

let sink: SmtpSink
let tries = 0
beforeAll(async () => {
  sink = await startSmtpSink()
})
afterAll(() => sink.close())

/** How often the sink took a report for an address. */
const reportsTo = (sender: string): number =>
  sink.messages.filter(({ mailFrom, rcptTo }) => mailFrom === '' && rcptTo.includes(sender)).length

async function filled(tag: string, scenario: Scenario): Promise<Try> {
  const attempt = new Try(sink)
  attempt.configure({ bounce: 'dsn' })
  const recipients = scenario.name === 'edit' ? [`m-${tag}`, `x-${tag}`] : [`m-${tag}`]
  const queue = new MaildirQueue(attempt.queueDir)
  await queue.enqueue({ envelope: { sender: `s-${tag}`, recipients }, content: bufferContent(WIRE) })
  if (scenario.before !== undefined) await attempt.run('mq-queue', [...scenario.before, 'ALL'])
  return attempt
}

async function check(attempt: Try, tag: string, scenario: Scenario): Promise<void> {
  // In one place, whatever happened; one run later also where the journal says.
  attempt.holds()
  await attempt.runQueue(['--all'])
  await attempt.runQueue(['--all'])
  const fsck = await attempt.run('mq-queue', ['fsck', '--dry-run'])
  expect(fsck.stdout).toBe('')
  const left = attempt.holds()
  for (const line of left) {
    expect(
      scenario.after.some((pattern) => pattern.test(line)),
      line,
    ).toBe(true)
  }
  const copies = attempt.deliveries(`m-${tag}`)
  const [least, most] = scenario.copies
  expect(copies).toBeGreaterThanOrEqual(least)
  expect(copies).toBeLessThanOrEqual(most)
  expect(reportsTo(`s-${tag}`)).toBeLessThanOrEqual(scenario.reports ?? 0)
  // Not lost: delivered, kept, or deleted because that was asked for.
  if (scenario.name !== 'delete') expect(copies + left.length).toBe(1)
  attempt.end()
}

async function tryAt(scenario: Scenario, point: Point): Promise<boolean> {
  tries += 1
  const tag = `${tries}@d.example`
  const attempt = await filled(tag, scenario)
  const args = scenario.args.map((arg) => arg.replace('TAG', tag))
  const { code, signal, stderr } = await attempt.runAt(point, 'mq-queue', [...args, 'ALL'])
  const reached = attempt.operations().length >= point.at
  if (reached && point.how === 'before') expect(signal).toBe('SIGKILL')
  else expect([0, 65, 75, 77, 78], stderr).toContain(code)
  expect(stderr).not.toMatch(/internal error/)
  await check(attempt, tag, scenario)
  return reached
}

describe.each(SCENARIOS)('mq-queue $name', (scenario) => {
  it('may be killed before any of its changes', async () => {
    const points = await forEveryPoint((at) => tryAt(scenario, { at, how: 'before', ops: CHANGES }))
    expect(points).toBeGreaterThan(5)
  })

  it('keeps everything when one of its changes fails', async () => {
    const points = await forEveryPoint((at) =>
      tryAt(scenario, { at, how: ERRNOS[at % ERRNOS.length] ?? 'EIO', ops: CHANGES }),
    )
    expect(points).toBeGreaterThan(5)
  })
})

describe('mq-queue', () => {
  it('keeps everything when a change is not permitted', async () => {
    const [hold] = SCENARIOS
    if (hold === undefined) throw new Error('there is no scenario')
    expect(await forEveryPoint((at) => tryAt(hold, { at, how: 'EACCES', ops: CHANGES }))).toBeGreaterThan(5)
  })
})

/** Repairs a queue whose runner died, while one look at it fails. */
async function tryRepair(at: number): Promise<boolean> {
  tries += 1
  const tag = `${tries}@d.example`
  const attempt = new Try(sink)
  const queue = new MaildirQueue(attempt.queueDir)
  const envelope = { sender: `s-${tag}`, recipients: [`m-${tag}`] }
  await queue.enqueue({ envelope, content: bufferContent(WIRE) })
  await attempt.runAt({ at: 1, how: 'before', ops: '^unlink' }, 'mq-run', [])
  attempt.forgetOperations()
  const { code, stderr } = await attempt.runAt({ at, how: 'EIO', ops: 'stat' }, 'mq-queue', ['fsck'])
  expect(stderr).not.toMatch(/internal error/)
  const reached = attempt.operations().length >= at
  expect(reached ? [0, 65, 75] : [0, 65]).toContain(code)
  attempt.holds()
  attempt.end()
  return reached
}

describe('mq-queue fsck', () => {
  it('calls a disk that cannot be read a fault of this machine', async () => {
    expect(await forEveryPoint(tryRepair)).toBeGreaterThan(3)
  })
})

/** Moves the one message to another queue, with a fault here, and runs both queues. */
async function tryExport(point: Point): Promise<boolean> {
  tries += 1
  const tag = `${tries}@d.example`
  const attempt = new Try(sink)
  const queue = new MaildirQueue(attempt.queueDir)
  await queue.enqueue({
    envelope: { sender: `s-${tag}`, recipients: [`m-${tag}`] },
    content: bufferContent(WIRE),
  })
  const target = join(attempt.directory, 'target')
  const { stderr } = await attempt.runAt(point, 'mq-queue', ['export', '--move', target, 'ALL'])
  expect(stderr).not.toMatch(/internal error/)
  const reached = attempt.operations().length >= point.at
  await attempt.runQueue(['--all'])
  if (existsSync(target)) await attempt.runQueue(['--all', target])
  const copies = attempt.deliveries(`m-${tag}`)
  const held = attempt.holds()
  for (const line of held) expect(line).toBe(`hold m-${tag}=pending`)
  expect(copies).toBeLessThanOrEqual(1)
  expect(copies + held.length).toBeGreaterThanOrEqual(1)
  attempt.end()
  return reached
}

describe('mq-queue export --move', () => {
  it('never leaves a message waiting in two queues, nor in none, when it is killed', async () => {
    expect(await forEveryPoint((at) => tryExport({ at, how: 'before', ops: CHANGES }))).toBeGreaterThan(5)
  })

  it('nor when one of its changes fails', async () => {
    expect(
      await forEveryPoint((at) => tryExport({ at, how: ERRNOS[at % ERRNOS.length] ?? 'EIO', ops: CHANGES })),
    ).toBeGreaterThan(5)
  })
})
