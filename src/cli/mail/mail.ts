/**
 * mq-mail: the sending half of mail(1), as bsd-mailx, s-nail, heirloom mailx and GNU mailutils have it. Composes a
 * message and hands it over as mq-sendmail does; the same exit codes, and standard output stays empty.
 */
import type { ConfigOverride } from '../../config/load.ts'
import { EX, type ExitCode } from '../../errors/sysexits.ts'
import { VERSION } from '../../util/version.ts'
import type { Terminal } from '../exit.ts'
import { setUp, type Setup } from '../setup.ts'
import { parseEarly, parseMailCall, type MailCall } from './call.ts'
import { mailHelp } from './options.ts'
import { textOf, withAssignments } from './set-variables.ts'

/** The variable `hostname` is the domain of bare names for one call. What is no domain has no effect. */
function settings({ assignments }: Pick<MailCall, 'assignments'>): readonly ConfigOverride[] {
  const value = textOf(withAssignments(new Map(), assignments), 'hostname') ?? ''
  if (!/^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/i.test(value)) return []
  return [{ key: 'qualify_domain', value, by: '-S hostname' }]
}

async function overAccount(setup: Setup, { account }: MailCall): Promise<Setup> {
  if (account === undefined) return setup
  const { useAccount } = await import('../account.ts')
  return useAccount(setup, account, '-A')
}

/** Runs mq-mail. */
export async function mail(terminal: Terminal): Promise<ExitCode> {
  const first = parseEarly(terminal.args)
  if (first.mode === 'help' || first.mode === 'version') {
    terminal.print(first.mode === 'help' ? mailHelp(terminal.program) : `mq-mail ${VERSION}\n`)
    return EX.OK
  }
  const { config, verbose } = first
  const usual = await setUp(terminal, { config, verbose, overrides: settings(first), handsIn: true })
  const call = parseMailCall(terminal.args, usual.config.mailDialect)
  const setup = await overAccount(usual, call)
  const { sendMail } = await import('./send.ts')
  return sendMail(setup, call)
}
