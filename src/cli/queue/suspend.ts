/**
 * mq-queue suspend and activate: a whole batch, or all sending, is kept back until it is active again, messages that
 * come later included.
 */
import { openAdministration } from '../../delivery/administer.ts'
import { activate, heldBecause, readSuspended, suspend } from '../../delivery/suspension.ts'
import { MailError } from '../../errors/mail-error.ts'
import { EX, type ExitCode } from '../../errors/sysexits.ts'
import { requireQueue } from '../../queue/layout.ts'
import { isBatchName } from '../../queue/meta-block.ts'
import { printable } from '../printable.ts'
import { openContext, openLog } from '../setup.ts'
import { refusal } from './changing.ts'
import type { QueueContext } from './context.ts'
import { namedQueue, type NamedQueue } from './named.ts'

const EVERYTHING = 'ALL'

interface SuspendOptions {
  readonly batch?: string
  readonly list?: true
}

/** The batch that is named; undefined for all sending. Naming nothing is an error. */
function readBatch(operand: string | undefined, { batch }: SuspendOptions): string | undefined {
  if (operand !== undefined && operand !== EVERYTHING) {
    throw new MailError(
      'USAGE',
      `name a batch with --batch, or write ${EVERYTHING} for all sending; see --help`,
    )
  }
  if ((operand === undefined) === (batch === undefined)) {
    throw new MailError(
      'USAGE',
      `give either --batch with a name, or ${EVERYTHING} for all sending; see --help`,
    )
  }
  if (batch !== undefined && !isBatchName(batch)) {
    throw new MailError('USAGE', 'the name of a batch has to be 1 to 200 printable characters')
  }
  return batch
}

async function listSuspended({ store, setup }: NamedQueue): Promise<void> {
  const { all, batches } = await readSuspended(store)
  if (all) setup.terminal.print(`${EVERYTHING}\n`)
  for (const batch of [...batches].sort()) setup.terminal.print(`${printable(batch)}\n`)
}

/** Lets go what runs held for the batch, or for any. */
async function releaseHeld({ store, setup }: NamedQueue, wanted: string | undefined): Promise<ExitCode> {
  const context = await openContext(setup, await openLog(setup))
  const administrator = await openAdministration({ queue: store, context, by: setup.caller.user })
  let count = 0
  let exitCode: ExitCode = EX.OK
  try {
    for await (const entry of store.list(['hold'])) {
      const { batch, held } = (await store.describe(entry)) ?? {}
      if (batch === undefined || held !== heldBecause(batch)) continue
      if (wanted !== undefined && batch !== wanted) continue
      const changed = await administrator.change(entry, { action: 'release' })
      if (changed.kind === 'changed') count += 1
      else if (changed.kind !== 'unchanged' && changed.kind !== 'gone') {
        const error = refusal(entry.id, changed)
        setup.terminal.complain(error.publicMessage)
        exitCode = error.exitCode
      }
    }
  } finally {
    await administrator.close()
  }
  setup.terminal.complain(`${count} message${count === 1 ? '' : 's'} released`)
  return exitCode
}

/** Adds suspend and activate. */
export function addSuspendCommands({ parent, terminal, done }: QueueContext): void {
  parent
    .command('suspend')
    .description('send nothing of a batch, or nothing at all, until it is active again')
    .argument('[ALL]', `${EVERYTHING}: all sending`)
    .option('--batch <name>', 'the batch, by its exact name; messages that come later are kept back too')
    .option('--list', 'print what is suspended')
    .action(async (operand: string | undefined, options: SuspendOptions) => {
      const listing = options.list === true && operand === undefined && options.batch === undefined
      const batch = listing ? undefined : readBatch(operand, options)
      const named = await namedQueue(parent, terminal)
      requireQueue(named.queueDir)
      if (listing) await listSuspended(named)
      else await suspend(named.store, batch)
    })
  parent
    .command('activate')
    .description('send again what was suspended')
    .argument('[ALL]', `${EVERYTHING}: everything that is suspended`)
    .option('--batch <name>', 'the batch, by its exact name')
    .action(async (operand: string | undefined, options: SuspendOptions) => {
      const batch = readBatch(operand, options)
      const named = await namedQueue(parent, terminal)
      requireQueue(named.queueDir)
      await activate(named.store, batch)
      done(await releaseHeld(named, batch))
    })
}
