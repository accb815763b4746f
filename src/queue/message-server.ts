/**
 * How the header X-Queue-Smtp writes the server of one message: `host:port`, an IPv6 address in brackets, `*` for the
 * port of the account, and behind it what else was asked for, such as `tls=verify protocol=lmtp`. Words that are not
 * known say nothing.
 */
import type { MessageServer } from '../config/config.ts'
import { MailError } from '../errors/mail-error.ts'
import { hasControl } from '../util/control-characters.ts'

const FORM = /^(?:\[([0-9a-f:.]+(?:%\w+)?)\]|([^\s:[\]]+)):(\d{1,5}|\*)((?: .*)?)$/i
const PROTOCOLS = ['smtp', 'lmtp'] as const
const LEVELS = ['off', 'may', 'require', 'verify', 'pin'] as const
const FINGERPRINT = /^fingerprint=([0-9A-F]{2}(?::[0-9A-F]{2}){31})$/

function wordAfter<T extends string>(text: string, key: string, words: readonly T[]): T | undefined {
  return words.find((word) => text.split(' ').includes(`${key}=${word}`))
}

/** Reads the value of the header; undefined when it names no server. */
export function parseServer(text: string): MessageServer | undefined {
  const [, ipv6, name, digits, rest = ''] = FORM.exec(text.trim()) ?? []
  const host = ipv6 ?? name
  const port = digits === '*' ? undefined : Number(digits)
  if (host === undefined || (port !== undefined && (port < 1 || port > 65_535))) return undefined
  const protocol = wordAfter(rest, 'protocol', PROTOCOLS)
  const tls = wordAfter(rest, 'tls', LEVELS)
  const fingerprints = rest.split(' ').flatMap((word) => FINGERPRINT.exec(word)?.[1] ?? [])
  return {
    host,
    ...(port === undefined ? {} : { port }),
    ...(protocol === undefined ? {} : { protocol }),
    ...(tls === undefined ? {} : { tls }),
    ...(fingerprints.length === 0 ? {} : { fingerprints }),
  }
}

/**
 * Writes the value of the header.
 *
 * @throws MailError USAGE for what would not read back
 */
export function formatServer({ host, port, protocol, tls, fingerprints = [] }: MessageServer): string {
  const text = [
    `${host.includes(':') ? `[${host}]` : host}:${port ?? '*'}`,
    ...(protocol === undefined || protocol === 'smtp' ? [] : [`protocol=${protocol}`]),
    ...(tls === undefined ? [] : [`tls=${tls}`]),
    ...fingerprints.map((each) => `fingerprint=${each}`),
  ].join(' ')
  const read = hasControl(text) ? undefined : parseServer(text)
  // A fingerprint that is lost would be a message that nobody can send.
  if (read !== undefined && (read.fingerprints?.length ?? 0) === fingerprints.length) return text
  throw new MailError(
    'USAGE',
    'the server of a message needs a host, a port from 1 to 65535 and fingerprints such as AB:CD:...',
  )
}
