/**
 * mq-run: one pass over the queue, from cron. Silent when all is well, and also while the smarthost is down,
 * which the exit code, the log and mailq tell; whatever needs a human is said in one line.
 */
import { EX, type ExitCode } from '../errors/sysexits.ts'
import { newCommand, parseCommand } from './commander.ts'
import type { Terminal } from './exit.ts'
import { runConfiguredQueue } from './run-configured.ts'
import { setUp } from './setup.ts'

/** Runs mq-run. */
export async function run(terminal: Terminal): Promise<ExitCode> {
  let exitCode: ExitCode = EX.OK
  const command = newCommand(terminal, 'Delivers what is due in the mail queue, once.')
    .argument('[queue_dir]', 'queue directory instead of the configured one')
    .option('-C, --config <file>', 'configuration file')
    .option('-v, --verbose', 'show the SMTP dialogue and a summary on standard error')
    .option('--all', 'ignore the schedule: try everything that waits')
    .option('--force', 'run beside another runner')
    .option('--daemon', 'stay in the foreground and deliver mail as it comes')
    .action(
      async (
        operand: string | undefined,
        options: { config?: string; verbose?: true; all?: true; force?: true; daemon?: true },
      ) => {
        const verbose = options.verbose === true
        if (options.daemon === true) {
          const { runAsDaemon } = await import('./daemon.ts')
          exitCode = await runAsDaemon(terminal, { config: options.config, verbose, queueDir: operand })
          return
        }
        const setup = await setUp(terminal, { config: options.config, verbose })
        const call = { all: options.all === true, force: options.force === true, verbose }
        exitCode = await runConfiguredQueue(setup, call, operand)
      },
    )
  await parseCommand(command, terminal)
  return exitCode
}
