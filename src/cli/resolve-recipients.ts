/**
 * From what the user named to the recipients of the envelope: aliases and forward files, then the domain for bare
 * names. One unusable recipient never stops the others; each is told in one sentence, and the exit code says so.
 */
import type { AliasSource, Expansion } from '../aliases/expand.ts'
import { needsAliases } from '../aliases/local-name.ts'
import type { AliasTable } from '../aliases/parse.ts'
import type { Config } from '../config/config.ts'
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

/** Expands recipients; the addresses it gives all have a domain. */
type Expand = (recipients: readonly string[]) => Expansion

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
  const { terminal } = setup
  for (const problem of named.problems) terminal.complain(problem)
  const expand = await recipientExpander(setup, named.recipients, options)
  const { recipients, refused, warnings, discarded, origins } = expand(named.recipients)
  for (const warning of warnings) terminal.complain(warning)
  for (const { recipient, reason } of refused) terminal.complain(`${recipient}: ${reason}`)
  const wrong = named.problems.length > 0 ? EX.DATAERR : EX.OK
  const requests = new Map<string, RecipientRequest>()
  for (const recipient of recipients) {
    const request = options.requests?.get(origins.get(recipient) ?? recipient)
    if (request !== undefined) requests.set(recipient, request)
  }
  return {
    recipients,
    exitCode: refused.length > 0 ? EX.NOUSER : wrong,
    dropped: discarded.length > 0,
    requests,
  }
}

/**
 * Reads what local names stand for on this host, as far as these recipients need it, and complains of bad lines
 * in the aliases file.
 *
 * @param recipients those that will be expanded
 * @returns the expansion, which throws MailError QUEUE_IO when a file may be readable later
 * @throws MailError as {@link resolveRecipients} does
 */
export async function recipientExpander(
  setup: Setup,
  recipients: readonly string[],
  options: ResolveOptions,
): Promise<Expand> {
  const { config, terminal } = setup
  const domain = mailDomain(config.qualifyDomain)
  const whole = (address: string): string => qualify(address, domain)
  const complete = (expansion: Expansion): Expansion => ({
    ...expansion,
    recipients: dedupe(expansion.recipients.map(whole)),
    origins: new Map([...expansion.origins].map(([address, named]) => [whole(address), named])),
  })
  if (options.noAliases === true || !needsAliases(recipients, localDomains(config))) {
    return (named) => {
      const origins = new Map(named.map((recipient) => [recipient, recipient]))
      return complete({ recipients: named, refused: [], warnings: [], discarded: [], origins })
    }
  }
  const { expandRecipients } = await import('../aliases/expand.ts')
  const { loadAliases } = await import('../aliases/load.ts')
  const path = options.aliases ?? config.aliases
  const explicit = options.aliases !== undefined || path !== '/etc/aliases'
  const { aliases, warnings } = loadAliases(path, { explicit })
  for (const warning of warnings) terminal.complain(warning)
  const source = await aliasSource(config, aliases)
  return (named) => complete(expandRecipients(named, source))
}

/** What an expansion by this table works with on this host. */
export async function aliasSource(config: Config, aliases: AliasTable): Promise<AliasSource> {
  const { readInclude } = await import('../aliases/include.ts')
  const local = localDomains(config)
  const delimiter = config.recipientDelimiter
  const source = { aliases, localDomains: local, readInclude, catchAll: config.defaultAlias, delimiter }
  if (!config.userForward) return source
  const { forwardReader } = await import('../aliases/forward.ts')
  return { ...source, forwardOf: forwardReader({ localDomains: local, delimiter }) }
}
