/**
 * `mq-queue flush`: delivers the chosen messages now, whatever the schedule says and although the smarthost failed
 * before. One pass, as `mq-run --all` makes it, limited to them, beside any other runner. What is not to be sent before a
 * time is not sent by it either: who names such a message is told so.
 */
import { MailError } from '../../errors/mail-error.ts'
import { EX, type ExitCode } from '../../errors/sysexits.ts'
import type { Place, QueueEntry } from '../../queue/store.ts'
import type { Command } from '../commander.ts'
import type { Terminal } from '../exit.ts'
import { addChoice, chosen, readChoice, type Choice } from './choice.ts'
import { namedQueueWithConfig, type NamedQueue } from './named.ts'
import { notYet } from './not-yet.ts'
import type { FilterOptions } from './selection.ts'
import { runConfiguredQueue } from '../run/configured.ts'

/** What to do about a message that is named and not waiting. */
const NOT_WAITING: Readonly<Record<Exclude<Place, 'new'>, string>> = {
  cur: 'is being delivered already',
  hold: 'is held; release it instead',
  failed: 'has failed; retry it first',
}

interface Selected {
  readonly selects: (entry: QueueEntry) => boolean | Promise<boolean>
  readonly exitCode: ExitCode
}

/** Why a message that is named is not tried; undefined when it is. */
function whyNot(entry: QueueEntry): string | undefined {
  if (entry.place !== 'new') return NOT_WAITING[entry.place]
  const why = notYet(entry, Date.now())
  return why && `is ${why}; mq-queue retry drops that time`
}

/** The messages that are named and may be sent. */
async function namedWaiting({ store, setup }: NamedQueue, choice: Choice): Promise<Selected> {
  const ids = new Set<string>()
  let exitCode: ExitCode = EX.OK
  const complain = ({ publicMessage, exitCode: code }: MailError): void => {
    setup.terminal.complain(publicMessage)
    exitCode = code
  }
  for await (const one of chosen(store, choice, ['new'], Date.now())) {
    const why = 'problem' in one ? undefined : whyNot(one.entry)
    if ('problem' in one) complain(one.problem)
    else if (why === undefined) ids.add(one.entry.id)
    else complain(new MailError('USAGE', `${one.entry.id} ${why}`))
  }
  return { selects: ({ id }) => ids.has(id), exitCode }
}

/** The messages that wait and fit when their turn comes. */
function fitting({ store }: NamedQueue, { fits }: Choice): Selected {
  const selects = async (entry: QueueEntry): Promise<boolean> => {
    if (fits === undefined) return true
    const message = await store.describe(entry)
    return message !== undefined && fits(message, Date.now())
  }
  return { selects, exitCode: EX.OK }
}

async function pretend({ store, setup }: NamedQueue, { selects, exitCode }: Selected): Promise<ExitCode> {
  for await (const entry of store.list(['new'])) {
    if (notYet(entry, Date.now()) === undefined && (await selects(entry)))
      setup.terminal.print(`${entry.id} would be tried\n`)
  }
  return exitCode
}

/** Adds flush to mq-queue. */
export function addFlushCommand(
  parent: Command,
  terminal: Terminal,
  done: (exitCode: ExitCode) => void,
): void {
  addChoice(parent.command('flush').description('try waiting messages now, whatever the schedule says'))
    .option('--dry-run', 'only print what would be done')
    .action(async (operands: string[], options: FilterOptions & { dryRun?: true }) => {
      const choice = await readChoice(operands, options)
      const named = await namedQueueWithConfig(parent, terminal)
      const selected = choice.ids === undefined ? fitting(named, choice) : await namedWaiting(named, choice)
      if (options.dryRun === true) {
        done(await pretend(named, selected))
        return
      }
      const { selects } = selected
      const call = { all: true, force: true, verbose: false, asked: true, selects }
      const exitCode = await runConfiguredQueue(named.setup, call, named.queueDir)
      // What was named and not tried counts when all that was tried went well.
      done(exitCode === EX.OK ? selected.exitCode : exitCode)
    })
}
