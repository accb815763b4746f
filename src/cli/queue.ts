/**
 * mq-queue: looks at the queue and changes single messages. Listing and showing change nothing; a change says
 * what it did, or why not.
 */
import { openAdministration, type Administration, type Changed } from '../delivery/administer.ts'
import type { Change } from '../delivery/administration.ts'
import { deliveryContext } from '../delivery/context.ts'
import { MailError } from '../errors/mail-error.ts'
import { EX, type ExitCode } from '../errors/sysexits.ts'
import { newCommand, parseCommand } from './commander.ts'
import type { EndCode, Terminal } from './exit.ts'
import { thisCaller } from './identity.ts'
import { addCat } from './queue-cat.ts'
import { addCheck } from './queue-check.ts'
import { findOne, openQueue, type QueueContext } from './queue-context.ts'
import { addList } from './queue-list.ts'
import { addLog } from './queue-log.ts'
import { addShape } from './queue-shape.ts'
import { addShow } from './queue-show.ts'
import { addStats } from './queue-stats.ts'
import { addTop } from './queue-top.ts'
import type { Setup } from './setup.ts'

/** Why a change was not made. */
function refusal(id: string, changed: Exclude<Changed, { kind: 'changed' }>): MailError {
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

/** Applies a change to each message named; one that fails does not stop the others. */
async function changeEach(
  setup: Pick<Setup, 'terminal' | 'caller'>,
  administration: Omit<Administration, 'by'>,
  ids: readonly string[],
  change: Change,
): Promise<ExitCode> {
  const administrator = await openAdministration({ ...administration, by: setup.caller.user })
  let exitCode: ExitCode = EX.OK
  try {
    for (const id of ids) {
      try {
        const changed = await administrator.change(await findOne(administration.queue, id), change)
        if (changed.kind !== 'changed') throw refusal(id, changed)
      } catch (error) {
        if (!(error instanceof MailError)) throw error
        setup.terminal.complain(error.publicMessage)
        exitCode = error.exitCode
      }
    }
  } finally {
    await administrator.close()
  }
  return exitCode
}

/** The commands that look at the queue, in the order of --help. */
function addLooking(context: QueueContext): void {
  addList(context)
  addShow(context)
  addCat(context)
  addLog(context)
  addCheck(context)
  addStats(context)
  addShape(context)
  addTop(context)
}

function addChanging(context: QueueContext): void {
  const { parent, terminal, done } = context
  parent
    .command('retry')
    .description('make messages due at once, also failed ones')
    .argument('<id...>', 'queue ids')
    .action(async (ids: string[]) => {
      const caller = thisCaller(terminal.env)
      const administration = { queue: await openQueue(context), context: deliveryContext() }
      done(await changeEach({ terminal, caller }, administration, ids, { action: 'retry' }))
    })
  parent
    .command('delete')
    .description('remove messages for good')
    .argument('<id...>', 'queue ids')
    .action(async (ids: string[]) => {
      const caller = thisCaller(terminal.env)
      const administration = { queue: await openQueue(context), context: deliveryContext() }
      done(await changeEach({ terminal, caller }, administration, ids, { action: 'delete' }))
    })
}

/** Runs mq-queue. */
export async function queue(terminal: Terminal): Promise<EndCode> {
  let exitCode: EndCode = EX.OK
  const parent = newCommand(terminal, 'Looks at the mail queue and changes it.')
    .option('-C, --config <file>', 'configuration file')
    .option('-d, --queue-dir <directory>', 'queue directory instead of the configured one')
  const context: QueueContext = {
    parent,
    terminal,
    done: (code) => {
      exitCode = code
    },
  }
  addLooking(context)
  addChanging(context)
  await parseCommand(parent, terminal)
  return exitCode
}
