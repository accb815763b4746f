/**
 * `mq-run --daemon`: what signals and the configuration mean for a daemon. It stays in the foreground, for a supervisor
 * to look after. SIGTERM and SIGINT end it, a second one at once; SIGHUP has it read its configuration anew; SIGUSR1 has
 * it try everything that waits. An error that nobody caught ends it with 75: what is claimed is given back, or found by the
 * next run when that does not come to its end.
 */
import { runDaemon } from '../../delivery/daemon/daemon.ts'
import { DaemonWishes } from '../../delivery/daemon/wishes.ts'
import { describeError } from '../../errors/errno.ts'
import { EX, type ExitCode } from '../../errors/sysexits.ts'
import { siteOpener, type DaemonCall } from './daemon-site.ts'
import { handleFaults, type Terminal } from '../exit.ts'

/** How long after a fault what is under way may take to end, in milliseconds: the fault may be that it never does. */
const PATIENCE = 60_000

/** A signal that fires when the process is asked to end; asked again, it ends at once. */
function endingSignal(terminal: Terminal): AbortController {
  const stopper = new AbortController()
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.on(name, () => {
      if (stopper.signal.aborted) {
        terminal.complain('ended at once; what was under way stays claimed until the queue is run again')
        process.exit(EX.TEMPFAIL)
      }
      stopper.abort()
    })
  }
  return stopper
}

/**
 * Runs until a signal ends it.
 *
 * @throws MailError CONFIG_*, INPUT_MISSING or QUEUE_DENIED when it cannot begin
 */
export async function runAsDaemon(terminal: Terminal, call: DaemonCall): Promise<ExitCode> {
  const wishes = new DaemonWishes()
  // Before anything takes time: a signal must not end a process that has claims.
  const stopper = endingSignal(terminal)
  process.on('SIGHUP', () => wishes.ask('reload'))
  process.on('SIGUSR1', () => wishes.ask('run-now'))
  let exitCode: ExitCode = EX.OK
  handleFaults((error) => {
    if (exitCode !== EX.OK) return
    exitCode = EX.TEMPFAIL
    terminal.complain(`internal error: ${describeError(error)}; claims are given back; please report it`)
    stopper.abort()
    setTimeout(() => process.exit(EX.TEMPFAIL), PATIENCE).unref()
  })
  const reopen = siteOpener(terminal, call)
  const complain = (line: string): void => terminal.complain(line)
  await runDaemon({ site: await reopen(), reopen, wishes, signal: stopper.signal, complain })
  return exitCode
}
