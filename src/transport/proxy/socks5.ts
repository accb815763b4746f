/**
 * Asks a SOCKS5 proxy for a connection (RFC 1928), with user name and password where it wants them (RFC 1929). The
 * proxy gets the name of the server and looks it up itself.
 */
import { isIP, isIPv4, SocketAddress, type Socket } from 'node:net'
import { domainToASCII } from 'node:url'
import type { ProxySettings } from '../../config/config.ts'
import { octets, readUntil } from './read-until.ts'

const VERSION = 5
const NO_LOGIN = 0
const PASSWORD = 2
const CONNECT = 1
const IPV4 = 1
const DOMAIN = 3
const IPV6 = 4

/** What the proxy says instead of 0 (RFC 1928 section 6). */
const REFUSALS: Readonly<Record<number, string>> = {
  1: 'it has failed',
  2: 'its rules do not allow this connection',
  3: 'it cannot reach the network',
  4: 'it cannot reach or find the host',
  5: 'the host refused the connection',
  6: 'the way to the host is too long',
  7: 'it does not open connections',
  8: 'it does not know this kind of address',
}

const short = (text: string): Buffer => {
  const bytes = Buffer.from(text)
  return Buffer.concat([Buffer.from([bytes.length]), bytes])
}

/** The 16 octets of an IPv6 address. */
function ipv6Octets(host: string): Buffer {
  // the normal form has no dots and at most one "::"
  const { address } = new SocketAddress({ address: host, family: 'ipv6' })
  const [head = '', tail] = address.split('::')
  const words = (part: string | undefined): string[] => (part ? part.split(':') : [])
  const [first, last] = [words(head), words(tail)]
  const all = [...first, ...new Array<string>(8 - first.length - last.length).fill('0'), ...last]
  return Buffer.from(all.map((word) => word.padStart(4, '0')).join(''), 'hex')
}

function addressOf(host: string): Buffer {
  if (isIPv4(host)) return Buffer.from([IPV4, ...host.split('.').map(Number)])
  if (isIP(host) !== 0) return Buffer.concat([Buffer.from([IPV6]), ipv6Octets(host)])
  return Buffer.concat([Buffer.from([DOMAIN]), short(domainToASCII(host) || host)])
}

async function logIn(socket: Socket, { username = '', password = '' }: ProxySettings): Promise<void> {
  socket.write(Buffer.concat([Buffer.from([1]), short(username), short(password)]))
  const [, status] = await readUntil(socket, octets(2))
  if (status !== 0) throw new Error('it refused user name and password; check proxy')
}

/** The length of the last answer, which holds an address of some kind; of a refusal the code is all that matters. */
function replyLength(seen: Buffer): number | undefined {
  const [, status, , kind, size = 0] = seen
  if (seen.length >= 2 && status !== 0) return seen.length
  if (seen.length < 5) return undefined
  return octets(6 + (kind === IPV4 ? 4 : kind === IPV6 ? 16 : 1 + size))(seen)
}

/**
 * Asks for the connection.
 *
 * @param socket connected to the proxy; afterwards, as if it was connected to the server
 * @throws Error what the proxy objects to, in words that follow its name
 */
export async function connectBySocks5(
  socket: Socket,
  proxy: ProxySettings,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<void> {
  const methods = proxy.username === undefined ? [NO_LOGIN] : [NO_LOGIN, PASSWORD]
  socket.write(Buffer.from([VERSION, methods.length, ...methods]))
  const [version, method = -1] = await readUntil(socket, octets(2))
  if (version !== VERSION) throw new Error('it does not speak SOCKS5; check proxy')
  if (!methods.includes(method))
    throw new Error('it wants a login; write proxy = socks5://USER:PASSWORD@HOST:PORT')
  if (method === PASSWORD) await logIn(socket, proxy)
  const place = Buffer.from([port >> 8, port & 255])
  socket.write(Buffer.concat([Buffer.from([VERSION, CONNECT, 0]), addressOf(host), place]))
  const [, status = 1] = await readUntil(socket, replyLength)
  if (status !== 0) throw new Error(REFUSALS[status] ?? `it refused with code ${status}`)
}
