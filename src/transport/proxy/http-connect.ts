/**
 * Asks an HTTP proxy for a tunnel to the server (CONNECT, RFC 9110 section 9.3.6), with Basic authentication where a
 * user name is configured. The proxy gets the name of the server and looks it up itself.
 */
import type { Socket } from 'node:net'
import { domainToASCII } from 'node:url'
import type { ProxySettings } from '../../config/config.ts'
import { readUntil } from './read-until.ts'
import { oneLine } from '../reply.ts'

const HEAD_END = '\r\n\r\n'

function headLength(seen: Buffer): number | undefined {
  const at = seen.indexOf(HEAD_END)
  return at === -1 ? undefined : at + HEAD_END.length
}

/** What to do about a status, where there is something. */
const REMEDIES: Readonly<Record<string, string>> = {
  '403': '; its rules do not allow this connection',
  '407': '; it wants another user name and password: check proxy',
}

/** The credentials as the proxy gets them (RFC 7617); undefined where there are none. */
function basicCredentials({ username, password }: ProxySettings): string | undefined {
  if (username === undefined || password === undefined) return undefined
  return Buffer.from(`${username}:${password}`).toString('base64')
}

/**
 * Asks for the tunnel.
 *
 * @param socket connected to the proxy; afterwards, as if it was connected to the server
 * @throws Error what the proxy objects to, in words that follow its name
 */
export async function connectByHttp(
  socket: Socket,
  proxy: ProxySettings,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<void> {
  const authority = host.includes(':') ? `[${host}]:${port}` : `${domainToASCII(host) || host}:${port}`
  const credentials = basicCredentials(proxy)
  const lines = [
    `CONNECT ${authority} HTTP/1.1`,
    `Host: ${authority}`,
    ...(credentials === undefined ? [] : [`Proxy-Authorization: Basic ${credentials}`]),
  ]
  socket.write(lines.join('\r\n') + HEAD_END)
  const head = (await readUntil(socket, headLength)).toString('latin1')
  const [, status = '', phrase = ''] = /^HTTP\/1\.[01] (\d{3})(?: (.*))?/.exec(head) ?? []
  if (status === '') throw new Error('it does not answer as an HTTP proxy does; check proxy')
  if (!status.startsWith('2'))
    throw new Error(oneLine(`it answered ${status} ${phrase}`) + (REMEDIES[status] ?? ''))
}
