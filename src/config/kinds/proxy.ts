/**
 * The address of a proxy as people write it: `socks5://user:password@host:port` or `http://...`. User name and password
 * may have percent encoding; the port is 1080 unless given, for both kinds, as other programs have it.
 */
import { hasControl } from '../../util/control-characters.ts'
import type { ProxySettings } from '../config.ts'
import { scalar } from './option-kind.ts'

const USUAL_PORT = 1080
const PATTERN =
  /^(?<scheme>socks5|http):\/\/(?:(?<user>[^:@/]*):(?<password>.*)@)?(?<host>\[[0-9a-f:.]+\]|[^\s:@/[\]]+)(?::(?<port>\d{1,5}))?\/?$/i

/** The password in the address of a proxy, however badly that is written. */
export const PROXY_PASSWORD = /(?<=^(?:\w+:\/\/)?[^:@/]*:)(?!\/\/).*(?=@)/

/** SOCKS5 carries at most 255 octets of each (RFC 1929 section 2). */
const LONGEST = 255

/** Undefined when the percent encoding is broken, or the text cannot be sent. */
function decoded(text: string): string | undefined {
  try {
    const plain = decodeURIComponent(text)
    const size = Buffer.byteLength(plain)
    return size === 0 || size > LONGEST || hasControl(plain) ? undefined : plain
  } catch {
    return undefined
  }
}

function read(text: string): ProxySettings | undefined {
  const {
    scheme = '',
    user,
    password,
    host = '',
    port = String(USUAL_PORT),
  } = PATTERN.exec(text)?.groups ?? {}
  const lower = scheme.toLowerCase()
  if ((lower !== 'socks5' && lower !== 'http') || Number(port) < 1 || Number(port) > 65535) return undefined
  const server = { scheme: lower, host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) } as const
  if (user === undefined || password === undefined)
    return Object.freeze({ ...server, username: undefined, password: undefined })
  const [username, secret] = [decoded(user), decoded(password)]
  if (username === undefined || secret === undefined) return undefined
  return Object.freeze({ ...server, username, password: secret })
}

/** The address of a proxy without its user and password, for messages. */
export function proxyAddress({ scheme, host, port }: ProxySettings): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`
}

function format(proxy: ProxySettings): string {
  const address = proxyAddress(proxy)
  const { username, password } = proxy
  if (username === undefined || password === undefined) return address
  const login = `${encodeURIComponent(username)}:${encodeURIComponent(password)}@`
  return address.replace('://', `://${login}`)
}

/** A SOCKS5 or HTTP proxy. */
export const PROXY = scalar({
  form: 'socks5://HOST:PORT or http://HOST:PORT, with USER:PASSWORD@ before HOST where the proxy wants a login',
  read,
  format,
})
