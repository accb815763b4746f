/**
 * mq-sendmail: a drop-in for /usr/sbin/sendmail. It exits 0 only when every recipient's server has the message
 * or it is durably queued; in every other case the caller still has the message and one line says why.
 */
import { MailError } from '../../errors/mail-error.ts'
import { EX, type ExitCode } from '../../errors/sysexits.ts'
import { completeHeader } from '../../message/complete.ts'
import { joinContent } from '../../message/content.ts'
import type { Envelope } from '../../message/envelope.ts'
import { headerBlock, type HeaderBlock } from '../../message/header-block.ts'
import { readMessage, type IncomingMessage } from '../../message/read-message.ts'
import { envelope, headerRecipients, readRecipients } from '../../message/recipients.ts'
import { VERSION } from '../../util/version.ts'
import type { Terminal } from '../exit.ts'
import { handOver } from '../hand-over.ts'
import { mailDomain } from '../../util/mail-domain.ts'
import { resolveRecipients } from '../resolve-recipients.ts'
import { envelopeSender } from '../sender.ts'
import { parseSendmailCall, type SendmailCall } from './call.ts'
import { sendmailHelp } from './options.ts'
import { setUp, spillDirectory, type Setup } from '../setup.ts'
import { standardInput } from '../standard-input.ts'

/** The header with a To field that names the recipients, when it has none. */
function withTo(header: HeaderBlock, { recipients }: Envelope): HeaderBlock {
  if (header.fields('to').length > 0) return header
  const raw = Buffer.from(`To: ${recipients.join(',\r\n ')}\r\n`).toString('latin1')
  return headerBlock([...header.all, { name: 'To', raw }])
}

function tellChanges(terminal: Terminal, { nulBytes }: IncomingMessage): void {
  if (nulBytes > 0)
    terminal.complain(`${nulBytes} NUL bytes were left out of the message: no server takes them`)
}

async function send(setup: Setup, call: SendmailCall): Promise<ExitCode> {
  const { terminal, caller, config } = setup
  const sender = envelopeSender(setup, call.from)
  const operands = readRecipients(call.operands)
  if (!call.readRecipients && operands.recipients.length === 0 && operands.problems.length === 0) {
    throw new MailError(
      'NO_RECIPIENTS',
      'no recipients: name them as operands, or use -t to take them from the header',
    )
  }
  const incoming = await readMessage(standardInput(), {
    dotEnds: !call.ignoreDots,
    spillDirectory: spillDirectory(config),
  })
  tellChanges(terminal, incoming)
  const found = call.readRecipients ? headerRecipients(incoming.header) : { recipients: [], problems: [] }
  const named = {
    recipients: [...operands.recipients, ...found.recipients],
    problems: [...operands.problems, ...found.problems],
  }
  const { recipients, exitCode, dropped } = await resolveRecipients(setup, named, call)
  if (recipients.length === 0 && (dropped || exitCode !== EX.OK)) return exitCode
  const addressed = envelope(sender.address, recipients, call.reports)
  const header = call.setToHeader ? withTo(incoming.header, addressed) : incoming.header
  const complete = completeHeader(header, {
    sender: sender.address,
    from: {
      address: sender.address,
      // The password file is only read when a From has to be made.
      name: call.fullName ?? sender.name ?? (header.fields('from').length > 0 ? '' : caller.fullName),
    },
    now: Date.now(),
    domain: mailDomain(config.qualifyDomain),
  })
  const result = await handOver(setup, {
    envelope: addressed,
    content: joinContent(complete.bytes, incoming.body),
    spool: call.queueOnly ? 'only' : undefined,
    verbose: call.verbose,
  })
  return result === EX.OK ? exitCode : result
}

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
