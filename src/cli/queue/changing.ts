/**
 * A command of mq-queue that changes messages: chooses them, changes one after the other and says what was not done.
 * A message that cannot be changed does not stop the others. Messages that are named one by one are changed without
 * a word; of those that were chosen in some other way the number is told.
 */
import { openAdministration, type Administrator, type Changed } from '../../delivery/administer.ts'
import { refusalOf, type Action, type Change } from '../../delivery/administration.ts'
import { MailError } from '../../errors/mail-error.ts'
import { EX, type ExitCode } from '../../errors/sysexits.ts'
import type { Place, QueueEntry, QueuedMessage } from '../../queue/store.ts'
import type { Command } from '../commander.ts'
import { addChoice, chosen, readChoice, type Choice } from './choice.ts'
import { namedQueue, type NamedQueue } from './named.ts'
import type { FilterOptions } from './selection.ts'
import type { Terminal } from '../exit.ts'
import { openContext, openLog } from '../setup.ts'

/** An option of one command. */
interface OwnOption {
  readonly flags: string
  readonly doc: string
  /** May be given several times; its value is a list then. */
  readonly repeats?: true
}

/** One such command. */
export interface ChangingCommand {
  readonly action: Action
  readonly doc: string
  /** What was done with a message, as in `3 messages held`. */
  readonly done: string
  /** Where messages are looked for that are not named by their ids. */
  readonly places: readonly Place[]
  readonly options?: readonly OwnOption[]
  /**
   * The change that the options ask for.
   *
   * @throws MailError USAGE or ADDRESS_INVALID
   */
  readonly change: (options: Readonly<Record<string, unknown>>, named: NamedQueue) => Change
}

/** What a command is called with. */
interface Call {
  readonly command: ChangingCommand
  readonly named: NamedQueue
  readonly choice: Choice
  readonly change: Change
}

type NotChanged = Exclude<Changed, { kind: 'changed' }>

/** Why a change was not made. */
export function refusal(id: string, changed: NotChanged): MailError {
  switch (changed.kind) {
    case 'busy':
      return new MailError('QUEUE_BUSY', `${id} is being delivered and cannot be stopped any more; try again`)
    case 'gone':
      return new MailError('QUEUE_BUSY', `${id} was moved or delivered at this moment; try again`)
    case 'quarantined':
      return new MailError(
        'MESSAGE_MALFORMED',
        `${id} is no message and was moved to corrupt/: ${changed.file.why}`,
      )
    case 'unchanged':
      return new MailError('USAGE', `${id} is left as it is: ${changed.why}`)
  }
}

/** Says for people what one message is. */
export function inWords({ id, envelope, recipients }: QueuedMessage): string {
  const [first, ...others] = recipients
  const more = others.length === 0 ? '' : ` and ${others.length} more`
  return `${id} from ${envelope.sender === '' ? '<>' : envelope.sender} to ${first?.recipient ?? ''}${more}`
}

/** How a message is dealt with; false when it stays as it is. */
type Deal = (entry: QueueEntry) => Promise<boolean>

function pretend({ command, named, choice, change }: Call): Deal {
  const { store, setup } = named
  return async (entry) => {
    const message = await store.describe(entry)
    if (message === undefined)
      throw new MailError(
        'INPUT_MISSING',
        `${entry.id} was delivered at this moment, or ${entry.key} is no message`,
      )
    const why = refusalOf(message, change)
    if (why !== undefined && choice.bulk) return false
    if (why !== undefined) throw refusal(entry.id, { kind: 'unchanged', why })
    setup.terminal.print(`${inWords(message)} would be ${command.done}\n`)
    return true
  }
}

function carryOut({ named, choice, change }: Call, administrator: () => Promise<Administrator>): Deal {
  return async (entry) => {
    const changed = await (await administrator()).change(entry, change)
    if (changed.kind === 'unchanged' && choice.bulk) return false
    if (changed.kind !== 'changed') throw refusal(entry.id, changed)
    if (changed.maybeSent) {
      named.setup.terminal.complain(
        `${entry.id} was taken from its delivery in the last moment; the server may have it`,
      )
    }
    return true
  }
}

/** Deals with each chosen message. */
async function each(
  { command, named, choice }: Call,
  deal: Deal,
): Promise<{ count: number; exitCode: ExitCode }> {
  let count = 0
  let exitCode: ExitCode = EX.OK
  for await (const one of chosen(named.store, choice, command.places, Date.now())) {
    try {
      if ('problem' in one) throw one.problem
      if (await deal(one.entry)) count += 1
    } catch (error) {
      if (!(error instanceof MailError)) throw error
      named.setup.terminal.complain(error.publicMessage)
      exitCode = error.exitCode
    }
  }
  return { count, exitCode }
}

/** Opens the administration when the first message is to be changed: whoever finds none writes nothing. */
async function changeEach(call: Call): Promise<{ count: number; exitCode: ExitCode }> {
  const { setup, store } = call.named
  let opened: Promise<Administrator> | undefined
  const open = async (): Promise<Administrator> => {
    const context = await openContext(setup, await openLog(setup))
    return openAdministration({ queue: store, context, by: setup.caller.user })
  }
  try {
    return await each(
      call,
      carryOut(call, () => (opened ??= open())),
    )
  } finally {
    const administrator = await opened?.catch(() => undefined)
    await administrator?.close()
  }
}

async function runChange(call: Call, dryRun: boolean): Promise<ExitCode> {
  const { command, named, choice } = call
  const { count, exitCode } = dryRun ? await each(call, pretend(call)) : await changeEach(call)
  if (choice.bulk) {
    named.setup.terminal.complain(
      `${count} message${count === 1 ? '' : 's'} ${dryRun ? 'would be ' : ''}${command.done}`,
    )
  }
  return exitCode
}

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value]

/** Adds a changing command to mq-queue. */
export function addChangingCommand(
  parent: Command,
  terminal: Terminal,
  done: (exitCode: ExitCode) => void,
  command: ChangingCommand,
): void {
  const added = addChoice(parent.command(command.action).description(command.doc))
  for (const { flags, doc, repeats } of command.options ?? []) {
    if (repeats === true) added.option(flags, doc, collect)
    else added.option(flags, doc)
  }
  added.option('--dry-run', 'only print what would be done')
  added.action(async (operands: string[], options: FilterOptions & { dryRun?: true }) => {
    const choice = await readChoice(operands, options)
    const named = await namedQueue(parent, terminal)
    const change = command.change({ ...options }, named)
    done(await runChange({ command, named, choice, change }, options.dryRun === true))
  })
}
