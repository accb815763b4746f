/**
 * mq-sendmail: a drop-in for /usr/sbin/sendmail. It exits 0 only when every recipient's server has the message
 * or it is durably queued; in every other case the caller still has the message and one line says why.
 */
import { EX, type ExitCode } from '../../errors/sysexits.ts'
import { VERSION } from '../../util/version.ts'
import type { Terminal } from '../exit.ts'
import { setUp, type Setup } from '../setup.ts'
import { parseSendmailCall, type SendmailCall } from './call.ts'
import { sendmailHelp } from './options.ts'
import { send } from './send.ts'

async function checkAliases(setup: Setup, call: SendmailCall): Promise<ExitCode> {
  const { loadAliases } = await import('../../aliases/load.ts')
  const path = call.aliases ?? setup.config.aliases
  const { aliases, warnings } = loadAliases(path, { explicit: true })
  for (const warning of warnings) setup.terminal.complain(warning)
  setup.terminal.print(`${path}: ${aliases.size} aliases\n`)
  return warnings.length > 0 ? EX.CONFIG : EX.OK
}

/** Runs mq-sendmail, mailq or newaliases, by the name it was called. */
export async function sendmail(terminal: Terminal): Promise<ExitCode> {
  const call = parseSendmailCall(terminal)
  if (call.mode === 'help' || call.mode === 'version') {
    terminal.print(call.mode === 'help' ? sendmailHelp(terminal.program) : `mailqueue ${VERSION}\n`)
    return EX.OK
  }
  const setup = await setUp(terminal, { config: call.config, verbose: call.verbose })
  switch (call.mode) {
    case 'send':
      return send(setup, call)
    case 'smtp-session': {
      const { smtpSession } = await import('../smtp-session/smtp-session.ts')
      return smtpSession(setup, call)
    }
    case 'check-aliases':
      return checkAliases(setup, call)
    case 'print-config': {
      const { printConfig } = await import('../../config/print-config.ts')
      terminal.print(printConfig(setup.config))
      return EX.OK
    }
    case 'list-queue': {
      const { listConfiguredQueue } = await import('../queue/listing.ts')
      return listConfiguredQueue(setup)
    }
    case 'run-queue': {
      const { runConfiguredQueue } = await import('../run-configured.ts')
      return runConfiguredQueue(setup, { all: true, force: false, verbose: call.verbose })
    }
  }
}
