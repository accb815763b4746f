/**
 * mq-queue: looks at the queue and changes it. Each command has a file of its own, or a row in a table.
 */
import { EX } from '../../errors/sysexits.ts'
import { newCommand, parseCommand } from '../commander.ts'
import type { EndCode, Terminal } from '../exit.ts'
import { addCat } from './cat.ts'
import { addChangeCommands } from './change.ts'
import { addCheck } from './check.ts'
import type { QueueContext } from './context.ts'
import { addEditCommand } from './edit.ts'
import { addExportCommand } from './export.ts'
import { addFlushCommand } from './flush.ts'
import { addFsckCommand } from './fsck.ts'
import { addImportCommand } from './import.ts'
import { addList } from './list.ts'
import { addLog } from './log.ts'
import { addShape } from './shape.ts'
import { addShow } from './show.ts'
import { addStats } from './stats.ts'
import { addSuspendCommands } from './suspend.ts'
import { addTop } from './top.ts'

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
  addSuspendCommands({ parent, terminal, done })
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
