/**
 * The kinds of options that hold names, addresses and paths. Paths come out absolute: relative ones start at
 * the folder of the file they are written in, `~/` at the home directory.
 */
import { isIP } from 'node:net'
import { join, resolve } from 'node:path'
import { asciiDomain } from '../../util/ascii-domain.ts'
import { isGlob } from '../../util/glob.ts'
import { listOf, scalar, type PathBase } from './option-kind.ts'

/** The usual domain; the classes of Unicode take long to compile. */
const PLAIN_DOMAIN = /^\w(?:[\w.-]{0,252}\w)?$/
const IPV6 = /^[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*(?:%\w+)?$/

/** Any text. */
export const TEXT = scalar({ form: 'text without control characters', read: (text) => text })

/** A domain in ASCII; undefined for what is none. */
function domainIn(text: string): string | undefined {
  if (PLAIN_DOMAIN.test(text)) return text
  const isDomain = /^[\p{L}\p{N}_](?:[\p{L}\p{N}_.-]{0,252}[\p{L}\p{N}_])?$/u.test(text)
  return isDomain ? asciiDomain(text) : undefined
}

/** A host name or an IP address; brackets around an IPv6 address are taken off. */
export const HOST = scalar({
  form: 'a host name or an IP address, without port or "smtp://"',
  read: (text) => {
    const bare = text.replace(/^\[(.*)\]$/, '$1')
    const ipv6 = IPV6.test(bare) && bare.split(':').length > 2
    return ipv6 ? bare : domainIn(text)
  },
})

/** An IP address; brackets around an IPv6 address are taken off. */
export const IP_ADDRESS = scalar({
  form: 'an IP address',
  read: (text) => {
    const bare = text.replace(/^\[(.*)\]$/, '$1')
    return isIP(bare) === 0 ? undefined : bare
  },
})

/** The name given with EHLO: a domain or an address literal (RFC 5321 section 4.1.3). */
export const HELO = scalar({
  form: 'a domain, or an IP address in square brackets',
  read: (text) => (/^\[[0-9a-z:.]+\]$/i.test(text) ? text : domainIn(text)),
})

/** The name of a charset; it comes out in lower case. */
export const CHARSET = scalar({
  form: 'the name of a charset, such as iso-8859-15',
  read: (text) => (/^[a-z0-9][a-z0-9._:+-]{0,39}$/i.test(text) ? text.toLowerCase() : undefined),
})

const asDomain = (text: string): string | undefined => domainIn(text)?.toLowerCase()

/** One domain; comes out in lower case and ASCII. */
export const DOMAIN_NAME = scalar({ form: 'a domain without "@"', read: asDomain })

/** Domains; they come out in lower case and ASCII. */
export const DOMAINS = listOf({ form: 'domains without "@", separated by blanks', read: asDomain })

/** The name of a DKIM key (RFC 6376 section 3.1). */
export const SELECTOR = scalar({
  form: 'a name such as "mail2026", of letters, digits, "-" and "_", with dots between its parts',
  read: (text) => (/^[a-z\d_-]{1,63}(?:\.[a-z\d_-]{1,63})*$/i.test(text) ? text : undefined),
})

const isLocalPart = (text: string): boolean =>
  /^[\p{L}\p{N}!#$%&'*+/=?^_`{|}~](?:[\p{L}\p{N}!#$%&'*+/=?^_`{|}~.-]{0,63})$/u.test(text)

function masquerade(text: string): string | undefined {
  const at = text.lastIndexOf('@')
  if (at === -1) return asDomain(text)
  const domain = asDomain(text.slice(at + 1))
  return domain !== undefined && isLocalPart(text.slice(0, at)) ? `${text.slice(0, at)}@${domain}` : undefined
}

/** A domain, or an address; the domain comes out in lower case. */
export const MASQUERADE = scalar({
  form: 'a domain such as "site.example", or an address such as "me@site.example"',
  read: masquerade,
})

/** The address with its domain in ASCII. */
function asAddress(text: string): string | undefined {
  const [, local, domain] = /^([^\s<>@]+)@([^\s<>@]+)$/.exec(text) ?? []
  const ascii = domain === undefined ? undefined : asciiDomain(domain)
  return local === undefined || ascii === undefined ? undefined : `${local}@${ascii}`
}

/** A whole address; its domain comes out in ASCII. */
export const ADDRESS = scalar({
  form: 'an address such as "me@site.example"',
  read: asAddress,
})

/** An address or `Name <address>`, in which `%U`, `%H`, `%F` and `%%` are replaced later. */
export const SENDER = scalar({
  form: 'an address such as "me@site.example" or "Name <me@site.example>"',
  read: (text) => (/^(?:[^\s<>]+|[^<>]*<[^\s<>]*>)$/.test(text) ? text : undefined),
})

function absolute(text: string, { folder, home }: PathBase): string {
  return /^~(?:\/|$)/.test(text) ? join(home, text.slice(1)) : resolve(folder, text)
}

/** A file or directory. */
export const PATH = scalar({ form: 'a path', read: absolute })

const LOG_PLACES: ReadonlySet<string> = new Set(['stderr', 'syslog', 'journal'])

/** A file, or one of the words that name another place. */
export const LOG_TARGET = scalar({
  form: 'a path, "stderr", "syslog" or "journal"',
  read: (text, base) => (LOG_PLACES.has(text) ? text : absolute(text, base)),
})

/** Like {@link absolute}, but a pattern keeps its meaning whatever characters the folder's name has. */
function absolutePattern(text: string, base: PathBase): string {
  if (!isGlob(text)) return absolute(text, base)
  const literal = (folder: string): string => folder.replace(/[\\*?[\]{}()!+@]/g, '\\$&')
  return absolute(text, { folder: literal(base.folder), home: literal(base.home) })
}

/** Glob patterns and paths. */
export const PATTERNS = listOf({
  form: 'paths or glob patterns, separated by blanks',
  read: absolutePattern,
})

/** Package names stay as they are; what begins with `/`, `.` or `~/`, or is a pattern, is a path. */
export const MODULES = listOf({
  form: 'package names, paths or glob patterns, separated by blanks',
  read: (text, base) => (/^(?:[./]|~\/)/.test(text) || isGlob(text) ? absolutePattern(text, base) : text),
})
