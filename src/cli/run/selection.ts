/**
 * Which messages a run of mq-run is about, and how many: its options as a table. The patterns are those of mq-queue.
 */
import { dueWindows } from '../../delivery/due-window.ts'
import type { DeliveryContext } from '../../delivery/context.ts'
import { MailError } from '../../errors/mail-error.ts'
import { EX, type ExitCode } from '../../errors/sysexits.ts'
import type { QueueEntry, QueueStore } from '../../queue/store.ts'
import { systemClock } from '../../util/clock.ts'
import type { Command } from '../commander.ts'
import type { Terminal } from '../exit.ts'
import { readDuration } from '../queue/quantity.ts'
import { readCount, selectorNow } from '../queue/selection.ts'

/** The options as they are given on the command line. */
export interface SelectionOptions {
  readonly id?: readonly string[]
  readonly recipient?: string
  readonly sender?: string
  readonly domain?: string
  readonly limit?: string
  readonly maxTime?: string
  readonly dryRun?: true
}

/** What a run is limited to. */
export interface Selection {
  /** The messages it is about; all when left out. */
  readonly selects?: (store: QueueStore, entry: QueueEntry) => Promise<boolean>
  /** The queue ids that are named, as they were written. */
  readonly ids?: readonly string[]
  /** Messages that are tried at the most. */
  readonly limit?: number
  /** Milliseconds after which it ends. */
  readonly maxTime?: number
  /** Only says what it would do. */
  readonly dryRun: boolean
}

const oneMore = (value: string, before: readonly string[] = []): readonly string[] => [...before, value]

/** Adds the options to the command. */
export function addSelection(command: Command): Command {
  return command
    .option('--id <id>', 'only the message with this queue id; may be given several times', oneMore)
    .option('--recipient <pattern>', 'only messages to this recipient; * stands for anything')
    .option('--sender <pattern>', 'only messages of this sender; <> is the null sender')
    .option('--domain <pattern>', 'only messages to a recipient in this domain')
    .option('--limit <number>', 'try no more messages than this')
    .option('--max-time <duration>', 'end after this time, such as 10m')
    .option('--dry-run', 'only print which messages would be tried')
}

/**
 * Reads the options.
 *
 * @throws MailError USAGE for a value that means nothing
 */
export function readSelection(options: SelectionOptions): Selection {
  const { id, recipient, sender, domain, limit, maxTime, dryRun } = options
  const ids = id && new Set(id.map((each) => each.toUpperCase()))
  const isAbout = recipient !== undefined || sender !== undefined || domain !== undefined
  const fits = selectorNow({
    ...(recipient === undefined ? {} : { to: recipient }),
    ...(sender === undefined ? {} : { from: sender }),
    ...(domain === undefined ? {} : { domain }),
  })
  const selects = async (store: QueueStore, entry: QueueEntry): Promise<boolean> => {
    if (ids !== undefined && !ids.has(entry.id)) return false
    if (!isAbout) return true
    const message = await store.describe(entry)
    return message !== undefined && fits(message)
  }
  const time = maxTime === undefined ? undefined : readDuration('--max-time', maxTime)
  if (time === 0) throw new MailError('USAGE', `--max-time ${maxTime}: write a time above 0, such as 10m`)
  return {
    ...(ids === undefined && !isAbout ? {} : { selects }),
    ...(id === undefined ? {} : { ids: id }),
    ...(limit === undefined ? {} : { limit: readCount('--limit', limit) }),
    ...(time === undefined ? {} : { maxTime: time }),
    dryRun: dryRun === true,
  }
}

/**
 * Says of each id that is named and of no message that there is none.
 *
 * @returns how a run is to end that went well otherwise
 * @throws MailError QUEUE_* when the queue cannot be read, CONFIG_MISSING when there is none
 */
export async function tellUnknown(
  terminal: Terminal,
  store: QueueStore,
  ids: readonly string[],
): Promise<ExitCode> {
  const { chosen } = await import('../queue/choice.ts')
  let exitCode: ExitCode = EX.OK
  for await (const one of chosen(store, { ids, fits: undefined }, [], systemClock.now())) {
    // Two messages of one id are both tried.
    if (!('problem' in one) || one.problem.code !== 'INPUT_MISSING') continue
    terminal.complain(one.problem.publicMessage)
    exitCode = one.problem.exitCode
  }
  return exitCode
}

/** What a look at the queue is about. */
export interface DueCall {
  readonly policy: DeliveryContext['policy']
  readonly all: boolean
}

/** The ids of the messages that a run would try now, in its order. Nothing is changed. */
export async function* dueNow(
  store: QueueStore,
  { policy, all }: DueCall,
  { selects, limit = Infinity }: Selection,
): AsyncGenerator<string> {
  const clock = systemClock
  let count = 0
  for await (const window of dueWindows(store, { cutoff: clock.now(), all, policy, clock })) {
    for (const entry of window) {
      if (count >= limit) return
      if (selects !== undefined && !(await selects(store, entry))) continue
      count += 1
      yield entry.id
    }
  }
}
