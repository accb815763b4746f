/**
 * `mq-queue flush`: delivers the chosen messages now, whatever the schedule says and although the smarthost failed
 * before. One pass, as `mq-run --all` makes it, limited to them, beside any other runner.
 */
import { MailError } from '../../errors/mail-error.ts'
import { EX, type ExitCode } from '../../errors/sysexits.ts'
import type { Place, QueueEntry } from '../../queue/store.ts'
import type { Command } from '../commander.ts'
import type { Terminal } from '../exit.ts'
import { addChoice, chosen, readChoice, type Choice } from './choice.ts'
import { namedQueueWithConfig, type NamedQueue } from './named.ts'
import type { FilterOptions } from './selection.ts'
import { runConfiguredQueue } from '../run-configured.ts'

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

/** The messages that are named and wait. */
async function namedWaiting({ store, setup }: NamedQueue, choice: Choice): Promise<Selected> {
  const ids = new Set<string>()
  let exitCode: ExitCode = EX.OK
  const complain = ({ publicMessage, exitCode: code }: MailError): void => {
    setup.terminal.complain(publicMessage)
    exitCode = code
  }
  for await (const one of chosen(store, choice, ['new'], Date.now())) {
    if ('problem' in one) complain(one.problem)
    else if (one.entry.place === 'new') ids.add(one.entry.id)
    else complain(new MailError('USAGE', `${one.entry.id} ${NOT_WAITING[one.entry.place]}`))
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
    if (await selects(entry)) setup.terminal.print(`${entry.id} would be tried\n`)
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
