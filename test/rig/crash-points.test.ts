/**
 * Whatever changes the queue may be killed before, in or after each of its file operations, and each of them may
 * fail. The table has one row for each thing that can be under way; a new feature that writes is a new row. The
 * short form tries a few points of each row, chosen by the seed, the long form more.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { namesIn } from '../helpers/queue-dir.ts'
import type { RunningCommand } from '../helpers/run-command.ts'
import type { Script } from '../helpers/scripted-server.ts'
import { DROP } from '../helpers/scripted-server.ts'
import { inNumbers, violations } from './checker.ts'
import { Dice, newSeed } from './dice.ts'
import { overCalm } from './server-plan.ts'
import { letter, RigSite, type Call } from './site.ts'

const LONG = process.env['MAILQUEUE_RIG'] === 'long'
/** Tries of each row. */
const POINTS = LONG ? 6 : 2
const seed = newSeed()

interface Scenario {
  readonly what: string
  /** What the server does at the attempt that is disturbed. */
  readonly server?: Script
  readonly settings?: Readonly<Record<string, string>>
  /** What is in the queue before. */
  readonly prepare?: (site: RigSite) => Promise<unknown>
  /** The command that is killed, or whose operations fail. */
  readonly start: (site: RigSite, call: Call) => RunningCommand
  /** What has to be done afterwards by hand, when nothing is wrong any more. */
  readonly finish?: (site: RigSite) => Promise<unknown>
  /** What an attempt that nothing disturbs leaves, in the words of inNumbers: proof that the row does what it says. */
  readonly leaves?: RegExp
}

const queued = (site: RigSite, key = 'k1'): Promise<unknown> =>
  site.submit(letter(key, 2, 100), { spool: 'only' }).result
const run = (site: RigSite, call: Call): RunningCommand => site.start('mq-run', ['--all'], call)
const submit =
  (size = 100) =>
  (site: RigSite, call: Call): RunningCommand =>
    site.submit(letter('k1', 2, size), call)

/** Leaves a claim whose message the server may have: its runner was killed before the outcome was stored. */
async function abandoned(site: RigSite): Promise<void> {
  await queued(site)
  const point = { DIR: site.queueDir, AT: '1', HOW: 'before', OPS: '^unlink' }
  expect((await run(site, { point }).result).signal).toBe('SIGKILL')
}

/** Leaves a message in failed/. */
async function refused(site: RigSite): Promise<void> {
  await queued(site)
  await run(site, {}).result
  expect(namesIn(site.queueDir, 'failed')).toHaveLength(1)
}

/** A message in failed/ whose report was refused. */
async function unreachable(site: RigSite): Promise<void> {
  await refused(site)
  await run(site, {}).result
  expect(namesIn(site.queueDir, 'failed')).toHaveLength(2)
}

/** A command of mq-queue about the message. */
function administrate(...args: readonly [string, ...string[]]): Scenario['start'] {
  return (site, call) => {
    const message = site.messageOf('k1')
    if (message === undefined) throw new Error('there is no message')
    const running = site.start('mq-queue', [...args, message.id], call)
    const taken = args.indexOf('--remove') + 1
    if (args[0] !== 'delete' && taken === 0) return running
    const gone = message.recipients.filter((each) => taken === 0 || each === args[taken])
    const result = running.result.then((ended) => {
      site.deleted(message.unique, gone, ended.code === 0)
      return ended
    })
    return { child: running.child, result }
  }
}

async function held(site: RigSite): Promise<void> {
  await queued(site)
  await administrate('hold')(site, {}).result
  expect(namesIn(site.queueDir, 'hold')).toHaveLength(1)
}

/** Two messages in a queue of mailqueue-runner. */
function foreign(site: RigSite): Promise<void> {
  for (const folder of ['new', 'cur', 'tmp']) mkdirSync(join(site.otherDir, folder), { recursive: true })
  for (const key of ['k1', 'k2']) {
    const mail = letter(key, 1, 100)
    const block = [
      `Return-path: <${mail.sender}>`,
      `Envelope-to: ${mail.recipients.join(',')}`,
      'X-Queue-Date: Sat, 21 Nov 2026 20:12:00 +0000',
      'X-Queue-Meta-End: end',
    ]
    const bytes = `${block.join('\n')}\n${mail.text}`.replaceAll('\n', '\r\n')
    writeFileSync(join(site.otherDir, 'new', `1795304501.M1P2Q${key.slice(1)}.host`), bytes)
    site.accepted(mail)
  }
  return Promise.resolve()
}

/** What docs/administration.md says about an export that was interrupted; then both queues are run. */
async function resolveExport(site: RigSite): Promise<void> {
  await site.calmly('mq-run', '--all')
  const isThere = namesIn(site.otherDir, 'new').length > 0
  const isHeldHere = namesIn(site.queueDir, 'hold').length > 0
  if (isThere && isHeldHere) await site.calmly('mq-queue', 'delete', 'ALL')
  if (isThere) await site.calmly('mq-run', '--all', site.otherDir)
  expect(namesIn(site.otherDir, 'new')).toEqual([])
}

const REFUSING: Script = { rcpt: '550 5.1.1 nobody' }
const MIXED: Script = {
  rcpt: ({ address }) => (address.includes('-0@') ? '550 5.1.1 nobody' : '450 4.2.0 later'),
}

const SCENARIOS: readonly Scenario[] = [
  { what: 'a submission that everybody is refused for', server: REFUSING, start: submit() },
  { what: 'a submission with a refused and a delayed recipient', server: MIXED, start: submit() },
  { what: 'a submission that is in doubt', server: { dot: DROP }, start: submit() },
  {
    what: 'a large submission that is stored first, and delayed',
    server: { dot: '451 4.3.0 later' },
    start: (site, call) => submit(300_000)(site, { ...call, spool: 'first' }),
  },
  { what: 'a run that delivers', prepare: queued, start: run },
  { what: 'a run in which everybody is refused', server: REFUSING, prepare: queued, start: run },
  { what: 'a run in which nobody answers', server: { dot: DROP }, prepare: queued, start: run },
  {
    what: 'a run that gives a message up',
    server: { data: '451 4.3.0 later' },
    settings: { expire: '0.001s' },
    prepare: queued,
    start: run,
  },
  {
    what: 'a run that needs two transactions',
    settings: { max_recipients: '1' },
    prepare: queued,
    start: run,
  },
  {
    what: 'a run that finds a bad file',
    prepare: async (site) => {
      await queued(site)
      site.plant('1.M1P1Q1R0123456789ab.rig,N=1,P=5', 'no message\n')
    },
    start: run,
  },
  { what: 'a recovery', prepare: abandoned, start: run },
  { what: 'a retry by hand', server: REFUSING, prepare: refused, start: administrate('retry') },
  { what: 'a deletion by hand', server: REFUSING, prepare: refused, start: administrate('delete') },
  { what: 'a hold', prepare: queued, start: administrate('hold'), leaves: /2 accepted/ },
  { what: 'a release', prepare: held, start: administrate('release'), leaves: /2 accepted/ },
  {
    what: 'a message that is queued anew',
    server: REFUSING,
    prepare: refused,
    start: administrate('requeue'),
    leaves: /2 accepted/,
  },
  {
    what: 'a message that is given up by hand',
    prepare: queued,
    start: administrate('expire'),
    leaves: /2 in failed.*1 reports/,
  },
  {
    what: 'a message that is returned by hand',
    settings: { bounce: 'none' },
    prepare: queued,
    start: administrate('bounce'),
    leaves: /2 in failed.*1 reports/,
  },
  {
    what: 'an edit',
    prepare: queued,
    start: administrate('edit', '--remove', 'k1-0@d.example', '--priority', '1'),
    leaves: /1 accepted.*1 deleted/,
  },
  {
    what: 'an import that moves',
    prepare: foreign,
    start: (site, call) => site.start('mq-queue', ['import', '--move', site.otherDir], call),
    leaves: /2 messages.*2 accepted/,
  },
  {
    what: 'an export that moves',
    prepare: queued,
    start: (site, call) => site.start('mq-queue', ['export', '--move', site.otherDir, 'ALL'], call),
    finish: resolveExport,
    leaves: /2 accepted/,
  },
  {
    what: 'a repair after a runner died',
    prepare: abandoned,
    start: (site, call) => site.start('mq-queue', ['fsck'], call),
    leaves: /2 with a second copy/,
  },
  {
    what: 'a notice of a delay',
    server: { data: '451 4.3.0 later' },
    settings: { delay_notice: '0.001s' },
    prepare: queued,
    start: run,
    leaves: /2 accepted.*2 told of a delay, 1 reports/,
  },
  {
    what: 'a report that fails and goes to the postmaster',
    server: REFUSING,
    prepare: refused,
    start: run,
    leaves: /2 in failed.*2 reports/,
  },
  {
    what: 'a report to the postmaster that fails',
    server: REFUSING,
    prepare: unreachable,
    start: run,
    leaves: /2 in failed.*2 reports/,
  },
]

const ERRNOS = ['ENOSPC', 'EIO', 'EMFILE', 'EROFS', 'EDQUOT'] as const

/** What happens at a point, and which operations have such a point. */
const HOW: readonly { readonly how: (at: number) => string; readonly ops: RegExp }[] = [
  { how: () => 'before', ops: /./ },
  { how: () => 'after', ops: /^(open|write|rename|unlink|f(data)?sync|mkdir|rm)/ },
  { how: () => 'half', ops: /^write/ },
  { how: (at) => ERRNOS[at % ERRNOS.length] ?? 'EIO', ops: /./ },
]

/** Does the scenario once. Returns the operations there were, up to the point. */
async function attempt(scenario: Scenario, point: Readonly<Record<string, string>>): Promise<string[]> {
  const { server = {}, settings = {}, prepare, start, finish, leaves } = scenario
  const site = await RigSite.open(() => overCalm(server), { settings })
  try {
    await prepare?.(site)
    const log = join(site.directory, 'operations')
    const { code, stderr } = await start(site, { point: { DIR: site.queues, LOG: log, ...point } }).result
    const operations = existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n') : []
    const where = `${JSON.stringify(point)}, ${operations.at(-1) ?? ''}, MAILQUEUE_RIG_SEED=${seed}`
    // A fault of this machine is no fault of the program.
    expect(code, `${where}: ${stderr}`).not.toBe(70)
    expect(violations(site.evidence()), where).toEqual([])
    await finish?.(site)
    await site.settle()
    const numbers = inNumbers(site.evidence())
    expect(violations(site.evidence()), `${where}: ${numbers}`).toEqual([])
    if (leaves !== undefined && point['AT'] === '0') expect(numbers).toMatch(leaves)
    return operations
  } finally {
    await site.end()
  }
}

type Point = Readonly<Record<'AT' | 'HOW', string>>

/** Points of a scenario by its operations: the kinds in turn, of each any. */
function choose(operations: readonly string[], dice: Dice): Point[] {
  const kinds = HOW.map(({ how, ops }) =>
    operations.flatMap((operation, place) =>
      ops.test(operation) ? [{ AT: String(place + 1), HOW: how(place) }] : [],
    ),
  )
  const first = dice.between(0, kinds.length - 1)
  return Array.from({ length: POINTS }, (_, turn) => kinds[(first + turn) % kinds.length] ?? []).flatMap(
    (points) => (points.length === 0 ? [] : [dice.pick(points)]),
  )
}

describe('killed or failing at a file operation,', () => {
  it.concurrent.each(SCENARIOS)('$what breaks no promise', async (scenario) => {
    const operations = await attempt(scenario, { AT: '0' })
    expect(operations.length).toBeGreaterThan(3)
    for (const point of choose(operations, new Dice(seed, scenario.what))) await attempt(scenario, point)
  })
})
