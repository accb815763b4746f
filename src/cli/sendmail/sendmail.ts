/**
 * mq-sendmail: a drop-in for /usr/sbin/sendmail. It exits 0 only when every recipient's server has the message
 * or it is durably queued; in every other case the caller still has the message and one line says why.
 */
import { EX, type ExitCode } from '../../errors/sysexits.ts'
import { VERSION } from '../../util/version.ts'
import type { Terminal } from '../exit.ts'
import { setUp } from '../setup.ts'
import { parseSendmailCall } from './call.ts'
import type { Mode } from './modes.ts'
import { sendmailHelp } from './options.ts'
import { send } from './send.ts'

/** What only hands in mail or looks needs no secret. */
const NEEDS_ACCOUNT: ReadonlySet<Mode> = new Set<Mode>(['run-queue', 'server-info'])

/** Runs mq-sendmail, mailq or newaliases, by the name it was called. */
export async function sendmail(terminal: Terminal): Promise<ExitCode> {
  const call = parseSendmailCall(terminal)
  const { mode, verbose } = call
  if (mode === 'help' || mode === 'version') {
    terminal.print(mode === 'help' ? sendmailHelp(terminal.program) : `mailqueue ${VERSION}\n`)
    return EX.OK
  }
  if (call.account !== undefined) {
    const { checkAccount } = await import('../account.ts')
    checkAccount(call.account, '--account')
  }
  const setup = await setUp(terminal, {
    ...call,
    overrides: call.settings,
    handsIn: !NEEDS_ACCOUNT.has(mode),
  })
  switch (mode) {
    case 'send':
      return send(setup, call)
    case 'smtp-session': {
      const { smtpSession } = await import('../smtp-session/smtp-session.ts')
      return smtpSession(setup, call)
    }
    case 'verify': {
      const { verify } = await import('./verify.ts')
      return verify(setup, call)
    }
    case 'check-aliases': {
      const { checkAliasesFile } = await import('./check-aliases.ts')
      return checkAliasesFile(setup, call.aliases)
    }
    case 'print-config': {
      const { printConfig } = await import('../../config/print-config.ts')
      terminal.print(printConfig(setup.config))
      return EX.OK
    }
    case 'list-queue': {
      const { listConfiguredQueue } = await import('../queue/listing.ts')
      return listConfiguredQueue(setup, call.json)
    }
    case 'run-queue': {
      const { runQueueNow } = await import('./queue-run.ts')
      return runQueueNow(setup, call)
    }
    case 'server-info': {
      const { printServerInfo } = await import('./server-info.ts')
      return printServerInfo(setup, verbose)
    }
  }
}
