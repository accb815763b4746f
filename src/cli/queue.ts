/**
 * mq-queue: looks at the queue and changes it. Each command has a file of its own, or a row in a table.
 */
import { resolve } from 'node:path'
import { queueIn } from '../delivery/configured.ts'
import { MailError } from '../errors/mail-error.ts'
import { EX, type ExitCode } from '../errors/sysexits.ts'
import type { Place, QueueEntry, QueueStore } from '../queue/store.ts'
import { newCommand, parseCommand, type Command } from './commander.ts'
import type { Terminal } from './exit.ts'
import { addChangeCommands } from './queue-change.ts'
import { addEditCommand } from './queue-edit.ts'
import { addExportCommand } from './queue-export.ts'
import { addFlushCommand } from './queue-flush.ts'
import { addFsckCommand } from './queue-fsck.ts'
import { addImportCommand } from './queue-import.ts'
import { listConfiguredQueue, listQueue, WAITING } from './queue-list.ts'
import { showMessage } from './queue-show.ts'
import { setUp } from './setup.ts'

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
  // The commands that change something.
  addChangeCommands(parent, terminal, done)
  addEditCommand(parent, terminal, done)
  addFlushCommand(parent, terminal, done)
  addImportCommand(parent, terminal, done)
  addExportCommand(parent, terminal, done)
  addFsckCommand(parent, terminal, done)
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
