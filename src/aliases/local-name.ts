/**
 * Which recipients the aliases file is for: bare names and addresses at a domain of this host. Everything else
 * is remote and never looked up, so a broken aliases file cannot disturb mail to other hosts.
 */
import { splitAddress } from '../message/address/address.ts'
import { asciiDomain } from '../util/ascii-domain.ts'
import { unquote } from './members.ts'

const comparable = (domain: string): string =>
  (asciiDomain(domain) ?? domain).replace(/\.$/, '').toLowerCase()

/**
 * The alias name of an address.
 *
 * @param address an addr-spec or a bare local part
 * @param localDomains domains of this host, in any case; `localhost` always counts as one
 * @returns the local part in lower case and without quotes, or undefined when the address is not local
 */
export function localName(address: string, localDomains: readonly string[]): string | undefined {
  const { local, domain } = splitAddress(address)
  const host = domain === undefined ? undefined : comparable(domain)
  const isLocal =
    host === undefined || host === 'localhost' || localDomains.some((d) => comparable(d) === host)
  return isLocal ? unquote(local).toLowerCase() : undefined
}

/**
 * Whether the aliases file has to be read at all for these recipients.
 *
 * @param recipients addr-specs and bare local parts
 * @param localDomains domains of this host
 */
export function needsAliases(recipients: readonly string[], localDomains: readonly string[]): boolean {
  return recipients.some((recipient) => localName(recipient, localDomains) !== undefined)
}

/**
 * The names under which a local name is looked up, in this order: as it is, and without its tag.
 *
 * @param name what {@link localName} gives
 * @param delimiter the character before a tag, where there are tags: `ann+news` is then also `ann`
 */
export function lookUpNames(name: string, delimiter: string | undefined): readonly string[] {
  const end = delimiter === undefined ? -1 : name.indexOf(delimiter)
  return end > 0 ? [name, name.slice(0, end)] : [name]
}
