/**
 * mq-send-test: sends a real test message, never through the queue, and says OK or what is wrong. Where `deliver` keeps
 * mail on this machine, it says so: nothing was sent then.
 */
import { hostname } from 'node:os'
import { queueIn } from '../delivery/configured.ts'
import { sendPatiently } from '../delivery/patience.ts'
import { MailError } from '../errors/mail-error.ts'
import { EX, type ExitCode } from '../errors/sysexits.ts'
import { composeMail } from '../message/compose.ts'
import { newMessageId } from '../message/message-id.ts'
import type { Delivered, RecipientOutcome } from '../message/outcome.ts'
import { envelope, readRecipients } from '../message/recipients.ts'
import type { Transport } from '../transport/transport.ts'
import { useAccount } from './account.ts'
import { newCommand, parseCommand } from './commander.ts'
import type { Terminal } from './exit.ts'
import { mailDomain } from '../util/mail-domain.ts'
import { envelopeSender } from './sender.ts'
import { openLog, openTransport, setUp, spillDirectory, type Setup } from './setup.ts'

interface SendTestOptions {
  readonly to: string
  readonly from?: string
  readonly config?: string
  readonly account?: string
  readonly verbose?: true
  readonly quiet?: true
}

const BODY = `This is a test message of mailqueue, sent by mq-send-test.
If you can read it, the configuration works.
`

function testRecipients(to: string): readonly string[] {
  const { recipients, problems } = readRecipients([to])
  if (problems[0] !== undefined) throw new MailError('ADDRESS_INVALID', `--to cannot be used: ${problems[0]}`)
  const bare = recipients.find((recipient) => !recipient.includes('@'))
  if (bare !== undefined)
    throw new MailError('ADDRESS_INVALID', `--to takes a full address, and ${bare} has no domain`)
  return recipients
}

async function sendTestMessage(
  setup: Setup,
  transport: Transport,
  options: SendTestOptions,
): Promise<RecipientOutcome[]> {
  const sender = envelopeSender(setup, options.from)
  const addressed = envelope(sender.address, testRecipients(options.to))
  const parts = {
    from: sender.address,
    to: addressed.recipients,
    cc: [],
    subject: `Test message from ${hostname()}`,
    headers: [['Auto-Submitted', 'auto-generated'] as const],
    body: Buffer.from(BODY),
    date: Date.now(),
    messageId: newMessageId(sender.address, mailDomain(setup.config.qualifyDomain)),
  }
  const content = await composeMail(parts, spillDirectory(setup.config))
  const delivery = { envelope: addressed, content }
  // A person waits in front of it: the same patience as for any submission.
  return sendPatiently(transport, delivery, { untilBody: setup.config.submitTimeout, awaitReply: true })
}

function success({ config }: Setup, { name }: Transport, { recipient, reply }: Delivered): string {
  return config.deliver.to === 'smtp'
    ? `OK: ${recipient} accepted by ${name}: ${reply}\n`
    : `OK, but nothing was sent: deliver = ${config.deliver.to}, and ${recipient} went to ${name}: ${reply}\n`
}

function tell(
  setup: Setup,
  transport: Transport,
  outcomes: readonly RecipientOutcome[],
  quiet: boolean,
): ExitCode {
  const { terminal } = setup
  let exitCode: ExitCode = EX.OK
  for (const outcome of outcomes) {
    if (outcome.status === 'delivered') {
      if (!quiet) terminal.print(success(setup, transport, outcome))
      continue
    }
    terminal.complain(`${outcome.recipient} was not accepted by ${transport.name}: ${outcome.reason}`)
    if (outcome.status === 'failed') exitCode = EX.UNAVAILABLE
    else if (outcome.status === 'deferred' && outcome.trouble === 'setup') exitCode = EX.CONFIG
    else if (exitCode === EX.OK) exitCode = EX.TEMPFAIL
  }
  return exitCode
}

/** A smarthost that takes the test takes other mail: nobody has to wait until it is tried again. */
async function accountWorks({ config }: Setup, transport: Transport): Promise<void> {
  if (config.queueDir === undefined) return
  const { breakerKey, writeAccountState } = await import('../delivery/account-state.ts')
  const key = breakerKey(config.account, transport.name)
  await writeAccountState(await queueIn(config.queueDir), key, undefined)
}

async function sendTest(terminal: Terminal, options: SendTestOptions): Promise<ExitCode> {
  const usual = await setUp(terminal, { config: options.config, verbose: options.verbose === true })
  const setup = options.account === undefined ? usual : useAccount(usual, options.account, '--account')
  const transport = await openTransport(setup, await openLog(setup, options.verbose === true))
  if (transport === undefined)
    throw new MailError('CONFIG_MISSING', 'no smarthost: set smtp_hostname in the configuration')
  try {
    const outcomes = await sendTestMessage(setup, transport, options)
    if (outcomes.some(({ status }) => status === 'delivered')) await accountWorks(setup, transport)
    return tell(setup, transport, outcomes, options.quiet === true)
  } finally {
    await transport.close()
  }
}

/** Runs mq-send-test. */
export async function sendTestCommand(terminal: Terminal): Promise<ExitCode> {
  let exitCode: ExitCode = EX.OK
  const command = newCommand(terminal, 'Sends a test message over SMTP and says whether the server took it.')
    .requiredOption('--to <address>', 'recipient of the test message')
    .option('--from <address>', 'sender instead of the configured one')
    .option('-C, --config <file>', 'configuration file')
    .option('-a, --account <name>', 'account of the configuration; default when left out')
    .option('-v, --verbose', 'show the SMTP dialogue on standard error')
    .option('-q, --quiet', 'print nothing when the message was accepted')
    .action(async (options: SendTestOptions) => {
      exitCode = await sendTest(terminal, options)
    })
  await parseCommand(command, terminal)
  return exitCode
}
