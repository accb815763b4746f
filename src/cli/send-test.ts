/**
 * mq-send-test: sends a real test message, never through the queue unless asked to, and says OK or what is wrong; with
 * --check it sends nothing, and names the first thing that would keep mail from being sent. Where `deliver` keeps mail on
 * this machine, it says so: nothing was sent then.
 */
import { hasWay } from '../config/accounts.ts'
import { queueIn } from '../delivery/configured.ts'
import { MailError } from '../errors/mail-error.ts'
import { EX, type ExitCode } from '../errors/sysexits.ts'
import type { Transport } from '../transport/transport.ts'
import { useAccount } from './account.ts'
import { newCommand, parseCommand } from './commander.ts'
import { tellDiagnosis, type Manner } from './doctor/diagnosis.ts'
import { sendTestMessage, sendThroughQueue, testEnvelope } from './doctor/test-message.ts'
import { tellResults, type TestResult } from './doctor/test-result.ts'
import type { Terminal } from './exit.ts'
import { openLog, openTransport, setUp, type Setup } from './setup.ts'

interface SendTestOptions {
  readonly to?: string
  readonly from?: string
  readonly check?: true
  readonly via?: string
  readonly config?: string
  readonly account?: string
  readonly allAccounts?: true
  readonly json?: true
  readonly verbose?: true
  readonly quiet?: true
}

function refuseContradictions({ to, check, via, account, allAccounts }: SendTestOptions): void {
  const refuse = (sentence: string): never => {
    throw new MailError('USAGE', `${sentence}; see --help`)
  }
  if (to === undefined && check !== true)
    refuse('--to is missing, and without --check there is a message to send')
  if (via !== undefined && via !== 'queue') refuse('--via takes queue')
  if (via !== undefined && check === true) refuse('--check sends no message, so --via means nothing')
  if (account !== undefined && allAccounts === true) refuse('--account and --all-accounts exclude each other')
}

/** The set-ups of the accounts that the call is about, each with the settings of its account. */
function setupsOf(setup: Setup, { account, allAccounts }: SendTestOptions): readonly Setup[] {
  if (account !== undefined) return [useAccount(setup, account, '--account')]
  if (allAccounts !== true) return [setup]
  const usable = setup.config.accounts.filter(hasWay)
  const all = usable.map(({ name }) => useAccount(setup, name, '--all-accounts'))
  return all.length === 0 ? [setup] : all
}

/** A smarthost that takes the test takes other mail: nobody has to wait until it is tried again. */
async function accountWorks({ config }: Setup, transport: Transport): Promise<void> {
  if (config.queueDir === undefined) return
  const { breakerKey, writeAccountState } = await import('../delivery/account/state.ts')
  const key = breakerKey(config.account, transport.name)
  await writeAccountState(await queueIn(config.queueDir), key, undefined)
}

async function testOver(setup: Setup, options: SendTestOptions): Promise<TestResult[]> {
  const { to = '', from, via } = options
  const transport = await openTransport(setup, await openLog(setup, options.verbose === true))
  if (transport === undefined)
    throw new MailError('CONFIG_MISSING', 'no smarthost: set smtp_hostname in the configuration')
  try {
    const addressed = testEnvelope(setup, from === undefined ? { to } : { to, from })
    const outcomes = await sendTestMessage(setup, transport, addressed)
    const about = { setup, server: transport.name }
    const works = outcomes.some(({ status }) => status === 'delivered')
    if (works) await accountWorks(setup, transport)
    // What the server does not take now would only be left in the queue.
    if (via === undefined || !works) return [{ ...about, outcomes }]
    const queued = await sendThroughQueue(setup, transport, addressed)
    return [
      { ...about, outcomes },
      { ...about, outcomes: queued.outcomes, queued },
    ]
  } finally {
    await transport.close()
  }
}

function mannerOf({ json, quiet }: SendTestOptions, setups: readonly unknown[]): Manner {
  return { json: json === true, quiet: quiet === true, several: setups.length > 1 }
}

async function sendTest(terminal: Terminal, options: SendTestOptions): Promise<ExitCode> {
  const setup = await setUp(terminal, { config: options.config, verbose: options.verbose === true })
  const setups = setupsOf(setup, options)
  const results: TestResult[] = []
  for (const each of setups) results.push(...(await testOver(each, options)))
  return tellResults(setup, results, mannerOf(options, setups))
}

async function check(terminal: Terminal, options: SendTestOptions): Promise<ExitCode> {
  const { examine, examineNothing } = await import('./doctor/examine.ts')
  const warnings: string[] = []
  let setup: Setup
  try {
    // What is worth a word is a part of what is found.
    setup = await setUp(
      { ...terminal, complain: (line) => void warnings.push(line) },
      { config: options.config },
    )
  } catch (error) {
    return tellDiagnosis(terminal, examineNothing(error), mannerOf(options, []))
  }
  const setups = setupsOf({ ...setup, terminal }, options)
  const cases = []
  for (const each of setups) {
    const { to, from } = options
    const envelope =
      to === undefined ? undefined : testEnvelope(each, from === undefined ? { to } : { to, from })
    const log = await openLog(each, options.verbose === true)
    cases.push({ config: each.config, envelope, log })
  }
  return tellDiagnosis(terminal, examine(cases, warnings, Date.now()), mannerOf(options, setups))
}

/** Runs mq-send-test. */
export async function sendTestCommand(terminal: Terminal): Promise<ExitCode> {
  let exitCode: ExitCode = EX.OK
  const command = newCommand(
    terminal,
    'Sends a test message over SMTP, or checks what would keep mail from being sent.',
  )
    .option('--to <address>', 'recipient of the test message')
    .option('--from <address>', 'sender instead of the configured one')
    .option('--check', 'send nothing: take all steps and name the first that fails')
    .option('--via <way>', 'queue: send a second message, through the queue')
    .option('-a, --account <name>', 'account of the configuration; default when left out')
    .option('--all-accounts', 'every account of the configuration')
    .option('-C, --config <file>', 'configuration file')
    .option('--json', 'print what was found as one JSON object')
    .option('-v, --verbose', 'show the SMTP dialogue on standard error')
    .option('-q, --quiet', 'print nothing about what works')
    .action(async (options: SendTestOptions) => {
      refuseContradictions(options)
      exitCode = await (options.check === true ? check : sendTest)(terminal, options)
    })
  await parseCommand(command, terminal)
  return exitCode
}
