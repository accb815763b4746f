/**
 * `mq-queue fsck`: finds and mends what a crash or a hand left in the queue, one line for each.
 */
import { relative } from 'node:path'
import { MailError } from '../../errors/mail-error.ts'
import { EX, type ExitCode } from '../../errors/sysexits.ts'
import { recoverQueue } from '../../delivery/recovery.ts'
import { checkQueue } from '../../queue/fsck/check-queue.ts'
import type { Finding } from '../../queue/fsck/finding.ts'
import type { Runner } from '../../queue/store.ts'
import type { Command } from '../commander.ts'
import type { Terminal } from '../exit.ts'
import { namedQueue, type NamedQueue } from './named.ts'
import { openContext, openLog } from '../setup.ts'

/** The recovery of every run, once; opened only when there is something to recover. */
function recovery({ store, setup }: NamedQueue) {
  let runner: Runner | undefined
  return {
    recover: async (): Promise<void> => {
      if (runner !== undefined) return
      runner = await store.openRunner('admin')
      const { unreadable } = await recoverQueue(runner, await openContext(setup, await openLog(setup)))
      if (unreadable !== undefined) setup.terminal.complain(`a message was passed over: ${unreadable}`)
    },
    close: async (): Promise<void> => runner?.close(),
  }
}

/** Says what was found and what became of it. True when nothing is left to be done. */
async function deal({ queueDir, setup }: NamedQueue, finding: Finding, dryRun: boolean): Promise<boolean> {
  const { terminal } = setup
  const { path, what, cure, mend, harmless } = finding
  // A name may have a line end in it, and each finding is one line.
  const subject = `${relative(queueDir, path) || '.'} ${what}`.replaceAll('\n', '?')
  if (cure === undefined || mend === undefined) {
    terminal.print(`${subject}; ${harmless === true ? 'nothing needs to be done' : 'left as it is'}\n`)
    return harmless === true
  }
  if (dryRun) {
    terminal.print(`${subject}; would be ${cure}\n`)
    return true
  }
  try {
    if (await mend()) terminal.print(`${subject}; ${cure}\n`)
    return true
  } catch (error) {
    if (!(error instanceof MailError)) throw error
    terminal.print(`${subject}; not ${cure}\n`)
    terminal.complain(error.publicMessage)
    return false
  }
}

/** Adds fsck to mq-queue. */
export function addFsckCommand(
  parent: Command,
  terminal: Terminal,
  done: (exitCode: ExitCode) => void,
): void {
  parent
    .command('fsck')
    .description('find and mend what a crash or a hand left in the queue')
    .option('--dry-run', 'only print what would be done')
    .action(async (options: { dryRun?: true }) => {
      const named = await namedQueue(parent, terminal)
      const { recover, close } = recovery(named)
      let exitCode: ExitCode = EX.OK
      try {
        const checking = { queueDir: named.queueDir, now: Date.now() }
        for await (const finding of checkQueue(checking, recover)) {
          if (!(await deal(named, finding, options.dryRun === true))) exitCode = EX.TEMPFAIL
        }
      } finally {
        await close()
      }
      done(exitCode)
    })
}
