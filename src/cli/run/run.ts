/**
 * mq-run: one pass over the queue, from cron, or a daemon that stays. Silent when all is well, and also while the smarthost is down,
 * which the exit code, the log and mailq tell; whatever needs a human is said in one line.
 */
import { MailError } from '../../errors/mail-error.ts'
import { EX, type ExitCode } from '../../errors/sysexits.ts'
import { newCommand, parseCommand } from '../commander.ts'
import type { Terminal } from '../exit.ts'
import { runConfiguredQueue } from './configured.ts'
import { addSelection, readSelection, type SelectionOptions } from './selection.ts'
import { setUp } from '../setup.ts'

interface RunCommandOptions extends SelectionOptions {
  readonly config?: string
  readonly verbose?: true
  readonly all?: true
  readonly force?: true
  readonly daemon?: true
  readonly listen?: string
}

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
    .option('--listen <address>', 'with --daemon: serve /metrics, /healthz and /queue there')
  addSelection(command).action(async (operand: string | undefined, options: RunCommandOptions) => {
    exitCode = await (options.daemon === true ? stay : runOnce)(terminal, options, operand)
  })
  await parseCommand(command, terminal)
  return exitCode
}

/** Options that mean nothing to a daemon. */
const ONLY_ONCE = [
  'all',
  'force',
  'id',
  'recipient',
  'sender',
  'domain',
  'limit',
  'maxTime',
  'dryRun',
] as const

async function stay(
  terminal: Terminal,
  options: RunCommandOptions,
  queueDir: string | undefined,
): Promise<ExitCode> {
  const wrong = ONLY_ONCE.find((name) => options[name] !== undefined)
  if (wrong !== undefined) {
    const flag = wrong.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
    throw new MailError('USAGE', `--daemon sends everything that is due; leave out --${flag}`)
  }
  const { runAsDaemon } = await import('./daemon.ts')
  const { config, listen } = options
  return runAsDaemon(terminal, { config, verbose: options.verbose === true, queueDir, listen })
}

async function runOnce(
  terminal: Terminal,
  options: RunCommandOptions,
  operand: string | undefined,
): Promise<ExitCode> {
  if (options.listen !== undefined) throw new MailError('USAGE', '--listen is for a daemon; add --daemon')
  const verbose = options.verbose === true
  const selection = readSelection(options)
  const setup = await setUp(terminal, { config: options.config, verbose })
  // Whoever asks for certain messages wants these tried, whoever else is at work.
  const asked = selection.selects !== undefined
  const call = { all: options.all === true, force: options.force === true || asked, verbose }
  return runConfiguredQueue(setup, asked ? { ...call, asked, selection } : { ...call, selection }, operand)
}
