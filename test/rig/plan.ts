/**
 * What the processes of the chaos do, as data: the same seed gives the same steps, however the machine schedules
 * them. A new thing to do is a row of ACTIONS.
 */
import { SPOOLS, type Spool } from './accounts.ts'
import type { Dice } from './dice.ts'
import type { AccountName } from './faults.ts'
import { letter, type RigSite } from './site.ts'
import type { RunningCommand } from '../helpers/run-command.ts'

/** How a process ends. `dot`: it is killed when the server sees the end of a message the next time. */
export type End =
  | { readonly kind: 'itself' }
  | { readonly kind: 'signal'; readonly signal: 'SIGKILL' | 'SIGTERM'; readonly when: number | 'dot' }
  /** The file operation with this number kills it or fails; see crash-point.cjs. */
  | { readonly kind: 'operation'; readonly at: number; readonly how: string }

/** One step of one worker. */
export interface Step {
  readonly action: string
  /** Unique in the plan. */
  readonly key: string
  readonly account: AccountName
  readonly spool: Spool
  readonly recipients: number
  /** Bytes. */
  readonly size: number
  /** From 0 to 1: which message of the queue, which bad file. */
  readonly which: number
  readonly end: End
}

/** A running step: the command, and what is to be noted when it has ended. */
export interface Started {
  readonly command: RunningCommand
  readonly ended?: (code: number | null) => void
}

/** A row of the table. Undefined when there is nothing to do it to. */
interface Action {
  readonly name: string
  /** How often it is chosen, beside the others. */
  readonly weight: number
  readonly start: (site: RigSite, step: Step, call: Call) => Started | undefined
}

type Call = NonNullable<Parameters<RigSite['start']>[2]>

/** A command of mq-queue about one message. */
function about(...args: string[]): Action['start'] {
  return (site, { which }, call) => {
    const message = site.somebody(which)
    return message && { command: site.start('mq-queue', [...args, message.id], call) }
  }
}

/** A command that looks, or is about the whole queue. */
const all =
  (...args: string[]): Action['start'] =>
  (site, _step, call) => ({ command: site.start('mq-queue', args, call) })

/** Takes a message out of the queue, or only its first recipient. */
function remove(isWhole: boolean): Action['start'] {
  return (site, { which }, call) => {
    const message = site.somebody(which)
    const [first] = message?.recipients ?? []
    if (message === undefined || first === undefined) return undefined
    const [args, gone] = isWhole ? [['delete'], message.recipients] : [['edit', '--remove', first], [first]]
    const command = site.start('mq-queue', [...args, message.id], call)
    // One that was refused because the message was under way has done nothing.
    const ended = (code: number | null): void => {
      if (code === 0 || code === null || call.point !== undefined) {
        site.deleted(message.unique, gone, code === 0)
      }
    }
    return { command, ended }
  }
}

/** Files that are no messages. */
const BAD_FILES = [
  '',
  'not a message at all\n',
  'Return-path: <a@s.example>\r\nEnvelope-to: torn',
  'Return-path: a@s.example\r\nX-Queue-Meta-End: end\r\nSubject: nobody\r\n\r\nbody\r\n',
]

function plant(site: RigSite, { key, which }: Step): undefined {
  const text = BAD_FILES[Math.floor(which * BAD_FILES.length)] ?? ''
  site.plant(
    `1795304501.M1P1Q1R${Buffer.from(key.padStart(6, '0')).toString('hex').slice(-12)}.rig,N=1,P=5`,
    text,
  )
}

const run =
  (...args: string[]): Action['start'] =>
  (site, _step, call) => ({ command: site.start('mq-run', args, call) })

/** Everything that a worker may do. */
const ACTIONS: readonly Action[] = [
  {
    name: 'submit',
    weight: 55,
    start: (site, { key, recipients, size }, call) => ({
      command: site.submit(letter(key, recipients, size), call),
    }),
  },
  { name: 'run', weight: 15, start: run('--force') },
  { name: 'run all', weight: 10, start: run('--force', '--all') },
  { name: 'run unforced', weight: 3, start: run() },
  { name: 'hold', weight: 4, start: about('hold') },
  { name: 'release', weight: 2, start: about('release') },
  { name: 'release all', weight: 2, start: all('release', 'ALL') },
  { name: 'retry', weight: 5, start: about('retry') },
  { name: 'requeue', weight: 3, start: about('requeue') },
  { name: 'expire', weight: 2, start: about('expire') },
  { name: 'bounce', weight: 2, start: about('bounce') },
  { name: 'make urgent', weight: 2, start: about('edit', '--priority', '1') },
  { name: 'take a recipient off', weight: 2, start: remove(false) },
  { name: 'delete', weight: 3, start: remove(true) },
  { name: 'flush', weight: 2, start: about('flush') },
  { name: 'flush all', weight: 1, start: all('flush', 'ALL') },
  { name: 'fsck', weight: 3, start: all('fsck') },
  { name: 'show', weight: 1, start: about('show') },
  { name: 'list', weight: 1, start: all('list') },
  { name: 'list for programs', weight: 1, start: all('list', '--all', '--json') },
  { name: 'stats', weight: 1, start: all('stats') },
  { name: 'check', weight: 1, start: all('check') },
  {
    name: 'mailq',
    weight: 1,
    start: (site, _step, call) => ({ command: site.start('mq-sendmail', ['-bp'], call) }),
  },
  { name: 'plant a bad file', weight: 1, start: plant },
]

const SIZES = [100, 100, 3000, 300_000]
const ERRNOS = ['ENOSPC', 'EIO', 'EMFILE', 'EROFS', 'EDQUOT']
const HOW = ['before', 'after', 'half', ...ERRNOS]
/** No command may take longer, in milliseconds: a run that meets stall after stall is asked to end. */
const LONGEST = 4000

function planEnd(dice: Dice): End {
  const lot = dice.roll()
  if (lot < 0.15) return { kind: 'signal', signal: 'SIGKILL', when: 'dot' }
  if (lot < 0.3) return { kind: 'signal', signal: 'SIGKILL', when: dice.between(50, 900) }
  if (lot < 0.37) return { kind: 'signal', signal: 'SIGTERM', when: dice.between(50, 900) }
  if (lot < 0.55) return { kind: 'operation', at: dice.between(1, 90), how: dice.pick(HOW) }
  return { kind: 'itself' }
}

function pickAction(dice: Dice): Action {
  let left = dice.roll() * ACTIONS.reduce((sum, { weight }) => sum + weight, 0)
  const found = ACTIONS.find(({ weight }) => (left -= weight) < 0)
  if (found === undefined) throw new Error('no action has a weight')
  return found
}

/**
 * Plans one step.
 *
 * @param dice of this step alone
 * @param key unique in the plan
 */
export function planStep(dice: Dice, key: string): Step {
  return {
    key,
    action: pickAction(dice).name,
    account: dice.pick(['plain', 'plain', 'login'] as const),
    spool: dice.pick(SPOOLS),
    recipients: dice.pick([1, 1, 2, 3]),
    size: dice.pick(SIZES),
    which: dice.roll(),
    end: planEnd(dice),
  }
}

/** Kills a command as planned, and any that takes too long. */
function arrange(
  site: RigSite,
  end: End,
  { child, result }: RunningCommand,
  onDot: (kill: () => void) => void,
): void {
  const kill = (signal: 'SIGKILL' | 'SIGTERM'): void => {
    if (child.exitCode === null && child.signalCode === null && child.kill(signal)) site.interrupts()
  }
  const limit = setTimeout(() => kill('SIGTERM'), LONGEST)
  const timers = [limit]
  if (end.kind === 'signal' && end.when === 'dot') onDot(() => kill(end.signal))
  else if (end.kind === 'signal') timers.push(setTimeout(() => kill(end.signal), Number(end.when)))
  void result.finally(() => timers.forEach((timer) => clearTimeout(timer))).catch(() => undefined)
}

/**
 * Does one step and waits for its end.
 *
 * @param onDot calls back when the server sees the end of a message
 */
export async function perform(site: RigSite, step: Step, onDot: (kill: () => void) => void): Promise<void> {
  const action = ACTIONS.find(({ name }) => name === step.action)
  const { account, spool, end } = step
  const point =
    end.kind === 'operation' ? { DIR: site.queueDir, AT: String(end.at), HOW: end.how } : undefined
  const started = action?.start(site, step, { account, spool, ...(point === undefined ? {} : { point }) })
  if (started === undefined) return
  arrange(site, end, started.command, onDot)
  const { code } = await started.command.result
  started.ended?.(code)
}
