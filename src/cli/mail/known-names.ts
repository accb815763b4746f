/**
 * Bare names that mean somebody here: a personal alias, an alias of this host, a user of this host. A text of several
 * words is a list of recipients only when all its bare names are known: `root ben@x.org` is one, and of
 * `Bob Smith b@x.org` nobody can say who is meant.
 */
import { qualify } from '../../message/address/address.ts'
import { readUsers } from '../../util/passwd.ts'
import type { Expand } from '../resolve-recipients.ts'
import type { MailRc } from './mailrc.ts'
import { doubtfulNames } from './recipients.ts'

/** Where names are looked up. */
export interface NameSources {
  /** Those of the mailrc files. */
  readonly aliases: MailRc['aliases']
  readonly expand: Expand
  /** What bare names get. */
  readonly domain: string
}

function isUser(name: string): boolean {
  try {
    return readUsers().has(name)
  } catch {
    return false
  }
}

async function isAlias(name: string, { expand, domain }: NameSources): Promise<boolean> {
  const { recipients, refused, discarded } = await expand([name], 'aliases')
  const isItself = recipients.length === 1 && recipients[0] === qualify(name, domain)
  return !isItself || refused.length > 0 || discarded.length > 0
}

/**
 * Looks up the names on which it depends whether a text is a list. Nothing is looked up where there are none.
 *
 * @param texts address lists
 * @throws MailError as {@link Expand} does
 */
export async function knownNames(
  texts: readonly string[],
  sources: NameSources,
): Promise<ReadonlySet<string>> {
  const known = new Set<string>()
  for (const name of new Set(doubtfulNames(texts))) {
    if (sources.aliases.has(name) || isUser(name) || (await isAlias(name, sources))) known.add(name)
  }
  return known
}
