/**
 * From what the user named to the recipients of the envelope: aliases and forward files, then the domain for bare
 * names. One unusable recipient never stops the others; each is told in one sentence, and the exit code says so.
 */
import type { AliasSource, Expansion } from '../aliases/expand.ts'
import { needsAliases } from '../aliases/local-name.ts'
import type { AliasTable } from '../aliases/parse.ts'
import type { Config } from '../config/config.ts'
import { EX, type ExitCode } from '../errors/sysexits.ts'
import { dedupe, qualify } from '../message/address/address.ts'
import type { RecipientList } from '../message/recipients.ts'
import { mailDomain } from '../util/mail-domain.ts'
import type { Setup } from './setup.ts'
import { localDomains } from './shown-addresses.ts'

/** Bad lines of the aliases file that are named for each mail. */
const NAMED = 10

/** How recipients are resolved. */
export interface ResolveOptions {
  /** The aliases file named on the command line. */
  readonly aliases?: string | undefined
  /** Leaves names as they are. */
  readonly noAliases?: boolean
}

/** The recipients that are left, and the exit code that those which are not ask for. */
export interface ResolvedRecipients {
  readonly recipients: readonly string[]
  readonly exitCode: ExitCode
  /** True when an alias drops this mail on purpose (`/dev/null`). */
  readonly dropped: boolean
}

/** What an expansion goes by: all that is for mail that arrives, or aliases alone. */
export type ExpandBy = 'everything' | 'aliases'

/**
 * Expands recipients, by everything unless told otherwise; the addresses it gives all have a domain. Rejects with MailError CONFIG_* when an aliases file
 * that was named cannot be used, and with QUEUE_IO when reading a file may work later; to try again is right then.
 */
export type Expand = (recipients: readonly string[], by?: ExpandBy) => Promise<Expansion>

/**
 * Expands and qualifies recipients.
 *
 * @throws MailError as {@link Expand} does
 */
export async function resolveRecipients(
  { terminal }: Setup,
  named: RecipientList,
  expand: Expand,
): Promise<ResolvedRecipients> {
  for (const problem of named.problems) terminal.complain(problem)
  const { recipients, refused, warnings, discarded } = await expand(named.recipients)
  for (const warning of warnings) terminal.complain(warning)
  for (const { recipient, reason } of refused) terminal.complain(`${recipient}: ${reason}`)
  const wrong = named.problems.length > 0 ? EX.DATAERR : EX.OK
  return { recipients, exitCode: refused.length > 0 ? EX.NOUSER : wrong, dropped: discarded.length > 0 }
}

/**
 * The expansion of recipients by what local names stand for on this host. The aliases file is read when the first
 * local name comes, and kept: what is wrong with its lines is told once. A file that could not be read is tried again
 * with the next local name; all others do without it.
 */
export function recipientExpander(setup: Setup, options: ResolveOptions): Expand {
  const { config } = setup
  const domain = mailDomain(config.qualifyDomain)
  const local = localDomains(config)
  const complete = (expansion: Expansion): Expansion => ({
    ...expansion,
    recipients: dedupe(expansion.recipients.map((address) => qualify(address, domain))),
  })
  let source: AliasSource | undefined
  return async (recipients, by = 'everything') => {
    if (options.noAliases === true || !needsAliases(recipients, local)) {
      return complete({ recipients, refused: [], warnings: [], discarded: [] })
    }
    const { expandRecipients } = await import('../aliases/expand.ts')
    source ??= await configuredSource(setup, options)
    return complete(expandRecipients(recipients, by === 'aliases' ? aliasesAlone(source) : source))
  }
}

/** Without the catch-all alias and forward files. */
function aliasesAlone({ aliases, localDomains: local, readInclude, delimiter }: AliasSource): AliasSource {
  return { aliases, localDomains: local, readInclude, delimiter }
}

/** Reads the aliases file that the command line or the configuration names, and complains of its bad lines. */
async function configuredSource({ config, terminal }: Setup, options: ResolveOptions): Promise<AliasSource> {
  const { loadAliases } = await import('../aliases/load.ts')
  const path = options.aliases ?? config.aliases
  const explicit = options.aliases !== undefined || path !== '/etc/aliases'
  const { aliases, warnings } = loadAliases(path, { explicit })
  for (const warning of warnings.slice(0, NAMED)) terminal.complain(warning)
  const more = warnings.length - NAMED
  if (more > 0) terminal.complain(`${path}: ${more} more lines are wrong; newaliases names them all`)
  return aliasSource(config, aliases)
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
