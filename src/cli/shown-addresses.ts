/**
 * Which domains are this host's, and what others see of its addresses: the rules of the configuration for
 * envelope senders and header fields.
 */
import { localName } from '../aliases/local-name.ts'
import type { Config } from '../config/config.ts'
import type { AddressRules } from '../message/address/show.ts'
import { hostName } from '../util/host-name.ts'
import { mailDomain } from '../util/mail-domain.ts'

/** The domains of this host: its own names and the configured ones. */
export function localDomains({ qualifyDomain, localDomains: more }: Config): readonly string[] {
  return ['localhost', hostName(), mailDomain(qualifyDomain), ...more]
}

/** The rules for the addresses of a header. */
export function addressRules(config: Config): AddressRules {
  const { masquerade, qualify } = config.headers
  let domains: readonly string[] | undefined
  return {
    // Only looked up for an address that lacks it.
    get qualifyDomain() {
      return qualify ? mailDomain(config.qualifyDomain) : undefined
    },
    masquerade,
    isLocal: (address) => localName(address, (domains ??= localDomains(config))) !== undefined,
  }
}

/** The domain of what this host writes itself, such as its Message-IDs. */
export function ownDomain({ headers, qualifyDomain }: Config): string {
  return headers.masquerade?.domain ?? mailDomain(qualifyDomain)
}
