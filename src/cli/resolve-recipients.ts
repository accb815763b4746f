/**
 * From what the user named to the recipients of the envelope: aliases, then the domain for bare names. One
 * unusable recipient never stops the others; each is told in one sentence, and the exit code says so.
 */
import { needsAliases } from '../aliases/local-name.ts'
import { EX, type ExitCode } from '../errors/sysexits.ts'
import { dedupe, qualify } from '../message/address.ts'
import type { RecipientRequest } from '../message/envelope.ts'
import type { RecipientList } from '../message/recipients.ts'
import { mailDomain } from '../util/mail-domain.ts'
import type { Setup } from './setup.ts'
import { localDomains } from './shown-addresses.ts'

type Requests = ReadonlyMap<string, RecipientRequest>

/** How recipients are resolved. */
export interface ResolveOptions {
  /** The aliases file named on the command line. */
  readonly aliases?: string | undefined
  /** Leaves names as they are. */
  readonly noAliases?: boolean
  /** What is asked for about recipients, by these as they were named. */
  readonly requests?: Requests
}

/** The recipients that are left, and the exit code that those which are not ask for. */
export interface ResolvedRecipients {
  readonly recipients: readonly string[]
  readonly exitCode: ExitCode
  /** True when an alias drops this mail on purpose (`/dev/null`). */
  readonly dropped: boolean
  /**
   * What is asked for about the recipients that are left, for the envelope. What was asked for about an alias holds for
   * each recipient in its place, whether it is one or many: who was named first, and when the sender is told.
   */
  readonly requests: Requests
}

/**
 * Expands and qualifies recipients.
 *
 * @throws MailError CONFIG_* when an aliases file that was named cannot be used, QUEUE_IO when reading it may
 *   work later
 */
export async function resolveRecipients(
  setup: Setup,
  named: RecipientList,
  options: ResolveOptions,
): Promise<ResolvedRecipients> {
  const { config, terminal } = setup
  let exitCode: ExitCode = EX.OK
  for (const problem of named.problems) {
    terminal.complain(problem)
    exitCode = EX.DATAERR
  }
  const domain = mailDomain(config.qualifyDomain)
  const local = localDomains(config)
  let recipients = named.recipients
  let dropped = false
  let origins: ReadonlyMap<string, string> = new Map()
  if (options.noAliases !== true && needsAliases(recipients, local)) {
    const expansion = await expand(setup, recipients, local, options.aliases)
    for (const { recipient, reason } of expansion.refused) {
      terminal.complain(`${recipient}: ${reason}`)
      exitCode = EX.NOUSER
    }
    recipients = expansion.recipients
    dropped = expansion.discarded.length > 0
    origins = expansion.origins
  }
  const whole = (recipient: string): string => qualify(recipient, domain)
  const requests = new Map<string, RecipientRequest>()
  for (const recipient of recipients) {
    const request = options.requests?.get(origins.get(recipient) ?? recipient)
    if (request !== undefined) requests.set(whole(recipient), request)
  }
  return { recipients: dedupe(recipients.map(whole)), exitCode, dropped, requests }
}

async function expand(
  setup: Setup,
  recipients: readonly string[],
  localDomains: readonly string[],
  file: string | undefined,
) {
  const { expandRecipients } = await import('../aliases/expand.ts')
  const { loadAliases } = await import('../aliases/load.ts')
  const { readInclude } = await import('../aliases/include.ts')
  const path = file ?? setup.config.aliases
  const explicit = file !== undefined || path !== '/etc/aliases'
  const { aliases, warnings } = loadAliases(path, { explicit })
  const expansion = expandRecipients(recipients, { aliases, localDomains, readInclude })
  for (const warning of [...warnings, ...expansion.warnings]) setup.terminal.complain(warning)
  return expansion
}
