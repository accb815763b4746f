/**
 * mq-sendmail: a drop-in for /usr/sbin/sendmail. It exits 0 only when every recipient's server has the message
 * or it is durably queued; in every other case the caller still has the message and one line says why.
 */
import { EX, type ExitCode } from '../../errors/sysexits.ts'
import { VERSION } from '../../util/version.ts'
import type { Terminal } from '../exit.ts'
import { setUp } from '../setup.ts'
import { parseSendmailCall } from './call.ts'
import { sendmailHelp } from './options.ts'
import { send } from './send.ts'

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
      return listConfiguredQueue(setup)
    }
    case 'run-queue': {
      const { runConfiguredQueue } = await import('../run-configured.ts')
      return runConfiguredQueue(setup, { all: true, force: false, verbose: call.verbose })
    }
  }
}
