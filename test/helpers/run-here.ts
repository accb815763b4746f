/**
 * Runs the queue in the process of the test: the code of mq-run without the start of a process, for tests that need it a
 * thousand times and are about something else. What it prints is lost; tests of mq-run itself start it.
 */
import { run } from '../../src/cli/run/run.ts'
import type { Terminal } from '../../src/cli/exit.ts'
import type { ExitCode } from '../../src/errors/sysexits.ts'

/**
 * Runs mq-run.
 *
 * @param args as in a shell, `--config` among them
 */
export function runQueueHere(args: readonly string[]): Promise<ExitCode> {
  const terminal: Terminal = {
    program: 'mq-run',
    args,
    env: {},
    interactive: false,
    shown: false,
    print: () => undefined,
    guide: () => undefined,
    printBytes: () => undefined,
    complain: () => undefined,
  }
  return run(terminal)
}
