/**
 * mq-sendmail: a drop-in for /usr/sbin/sendmail. It exits 0 only when every recipient's server has the message
 * or it is durably queued; in every other case the caller still has the message and one line says why.
 */
import { EX, type ExitCode } from '../../errors/sysexits.ts'
import { VERSION } from '../../util/version.ts'
import type { Terminal } from '../exit.ts'
import { setUp, type Setup } from '../setup.ts'
import { parseSendmailCall } from './call.ts'
import type { Mode, SendmailCall } from './sendmail-call.ts'
import { sendmailHelp } from './options.ts'
import { send } from './send.ts'

/** What only hands in mail or looks needs no secret. */
const NEEDS_ACCOUNT: ReadonlySet<Mode> = new Set<Mode>(['run-queue', 'server-info'])

type Work = (setup: Setup, call: SendmailCall) => Promise<ExitCode>

/** What each mode does. Only sending is always loaded. */
const WORK: Readonly<Record<Exclude<Mode, 'help' | 'version'>, Work>> = {
  send,
  'smtp-session': async (setup, call) =>
    (await import('../smtp-session/smtp-session.ts')).smtpSession(setup, call),
  verify: async (setup, call) => (await import('./verify.ts')).verify(setup, call),
  'check-aliases': async (setup, { aliases }) =>
    (await import('./check-aliases.ts')).checkAliasesFile(setup, aliases),
  'print-config': async ({ terminal, config }) => {
    const { printConfig } = await import('../../config/print-config.ts')
    terminal.print(printConfig(config))
    return EX.OK
  },
  'list-queue': async (setup, { json }) =>
    (await import('../queue/listing.ts')).listConfiguredQueue(setup, json),
  'run-queue': async (setup, call) => (await import('./queue-run.ts')).runQueueNow(setup, call),
  'server-info': async (setup, { verbose }) =>
    (await import('./server-info.ts')).printServerInfo(setup, verbose),
}

/** The set-up with the account that is named; a run of the queue is about all of them. */
async function overAccount(setup: Setup, { account }: SendmailCall): Promise<Setup> {
  if (account === undefined) return setup
  const { useAccount } = await import('../account.ts')
  return useAccount(setup, account, '--account')
}

/** Runs mq-sendmail, mailq or newaliases, by the name it was called. */
export async function sendmail(terminal: Terminal): Promise<ExitCode> {
  const call = parseSendmailCall(terminal)
  const { mode } = call
  if (mode === 'help' || mode === 'version') {
    terminal.print(mode === 'help' ? sendmailHelp(terminal.program) : `mailqueue ${VERSION}\n`)
    return EX.OK
  }
  const usual = await setUp(terminal, {
    ...call,
    overrides: call.settings,
    handsIn: !NEEDS_ACCOUNT.has(mode),
  })
  return WORK[mode](await overAccount(usual, call), call)
}
