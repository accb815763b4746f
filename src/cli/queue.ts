/**
 * mq-queue: looks at the queue and changes it. Each command has a file of its own, or a row in a table.
 */
import { EX } from '../errors/sysexits.ts'
import { newCommand, parseCommand } from './commander.ts'
import type { EndCode, Terminal } from './exit.ts'
import { addCat } from './queue-cat.ts'
import { addChangeCommands } from './queue-change.ts'
import { addCheck } from './queue-check.ts'
import type { QueueContext } from './queue-context.ts'
import { addEditCommand } from './queue-edit.ts'
import { addExportCommand } from './queue-export.ts'
import { addFlushCommand } from './queue-flush.ts'
import { addFsckCommand } from './queue-fsck.ts'
import { addImportCommand } from './queue-import.ts'
import { addList } from './queue-list.ts'
import { addLog } from './queue-log.ts'
import { addShape } from './queue-shape.ts'
import { addShow } from './queue-show.ts'
import { addStats } from './queue-stats.ts'
import { addTop } from './queue-top.ts'

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

/** The commands that change something, in the order of --help. */
function addChanging({ parent, terminal, done }: QueueContext): void {
  addChangeCommands(parent, terminal, done)
  addEditCommand(parent, terminal, done)
  addFlushCommand(parent, terminal, done)
  addImportCommand(parent, terminal, done)
  addExportCommand(parent, terminal, done)
  addFsckCommand(parent, terminal, done)
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
