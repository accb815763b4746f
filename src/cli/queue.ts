/**
 * mq-queue: looks at the queue and changes single messages. Listing and showing change nothing; a change says
 * what it did, or why not.
 */
import { resolve } from 'node:path'
import { openAdministration, type Administration, type Changed } from '../delivery/administer.ts'
import type { Change } from '../delivery/administration.ts'
import { queueIn } from '../delivery/configured.ts'
import { deliveryContext } from '../delivery/context.ts'
import { MailError } from '../errors/mail-error.ts'
import { EX, type ExitCode } from '../errors/sysexits.ts'
import type { Place, QueueEntry, QueueStore } from '../queue/store.ts'
import { newCommand, parseCommand, type Command } from './commander.ts'
import type { Terminal } from './exit.ts'
import { thisCaller } from './identity.ts'
import { listConfiguredQueue, listQueue, WAITING } from './queue-list.ts'
import { showMessage } from './queue-show.ts'
import { setUp, type Setup } from './setup.ts'

interface QueueOptions {
  readonly config?: string
  readonly queueDir?: string
}

async function openNamedQueue(terminal: Terminal, options: QueueOptions): Promise<QueueStore> {
  if (options.queueDir !== undefined) return queueIn(resolve(options.queueDir))
  const { config } = await setUp(terminal, { config: options.config })
  if (config.queueDir === undefined) {
    throw new MailError(
      'CONFIG_MISSING',
      'no queue: name the directory with --queue-dir, or set queue_dir in the configuration',
    )
  }
  return queueIn(config.queueDir)
}

async function findOne(store: QueueStore, id: string): Promise<QueueEntry> {
  const [entry, second] = await store.find(id)
  if (entry === undefined)
    throw new MailError('INPUT_MISSING', `there is no message ${id} in the queue ${store.name}`)
  if (second !== undefined)
    throw new MailError('USAGE', `more than one message has the id ${id}; name the file instead`)
  return entry
}

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

function addSubcommands(parent: Command, terminal: Terminal, done: (exitCode: ExitCode) => void): void {
  const open = (): Promise<QueueStore> => openNamedQueue(terminal, parent.opts<QueueOptions>())
  parent
    .command('list')
    .description('list the messages in the queue')
    .option('--failed', 'the failed messages instead of the waiting ones')
    .action(async (options: { failed?: true }) => {
      const places: readonly Place[] = options.failed === true ? ['failed'] : WAITING
      const { config, queueDir } = parent.opts<QueueOptions>()
      if (queueDir !== undefined) await listQueue(await queueIn(resolve(queueDir)), places, terminal)
      else done(await listConfiguredQueue(await setUp(terminal, { config }), places))
    })
  parent
    .command('show')
    .description('show a message: envelope, state of each recipient and content')
    .argument('<id>', 'queue id')
    .action(async (id: string) => {
      const store = await open()
      await showMessage(store, await findOne(store, id), terminal)
    })
  parent
    .command('retry')
    .description('make messages due at once, also failed ones')
    .argument('<id...>', 'queue ids')
    .action(async (ids: string[]) => {
      const caller = thisCaller(terminal.env)
      const administration = { queue: await open(), context: deliveryContext() }
      done(await changeEach({ terminal, caller }, administration, ids, { action: 'retry' }))
    })
  parent
    .command('delete')
    .description('remove messages for good')
    .argument('<id...>', 'queue ids')
    .action(async (ids: string[]) => {
      const caller = thisCaller(terminal.env)
      const administration = { queue: await open(), context: deliveryContext() }
      done(await changeEach({ terminal, caller }, administration, ids, { action: 'delete' }))
    })
}

/** Runs mq-queue. */
export async function queue(terminal: Terminal): Promise<ExitCode> {
  let exitCode: ExitCode = EX.OK
  const command = newCommand(terminal, 'Looks at the mail queue and changes it.')
    .option('-C, --config <file>', 'configuration file')
    .option('-d, --queue-dir <directory>', 'queue directory instead of the configured one')
  addSubcommands(command, terminal, (code) => {
    exitCode = code
  })
  await parseCommand(command, terminal)
  return exitCode
}
