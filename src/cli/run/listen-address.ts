/**
 * Where a daemon listens, as the command line and the configuration write it. Without an address it is loopback: everybody
 * else has to be asked for by name.
 */
import { isIP } from 'node:net'
import { MailError } from '../../errors/mail-error.ts'

/** Where to listen. */
export type ListenAddress =
  | { readonly kind: 'port'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }

const LOOPBACK = '127.0.0.1'
const FORM = 'PORT, ADDRESS:PORT, [ADDRESS]:PORT or unix:/PATH'

/**
 * Reads an address such as `9780`, `127.0.0.1:9780`, `[::1]:9780` or `unix:/run/mailqueue/metrics`.
 *
 * @throws MailError USAGE for anything else
 */
export function listenAddress(text: string): ListenAddress {
  if (/^unix:\/[^\0]+$/.test(text)) return { kind: 'unix', path: text.slice('unix:'.length) }
  const [, bracketed, plain, digits = ''] = /^(?:\[([^\]]+)\]:|([^:]*):|)(\d{1,5})$/.exec(text) ?? []
  const given = bracketed ?? plain ?? ''
  const host = given === '' || given === 'localhost' ? LOOPBACK : given
  const port = Number(digits)
  if (digits === '' || port > 65_535 || isIP(host) === 0)
    throw new MailError('USAGE', `--listen ${text}: write ${FORM}, with an IP address`)
  return { kind: 'port', host, port }
}

/** Whether only this machine can reach it. */
export function isLoopback(address: ListenAddress): boolean {
  return address.kind === 'unix' || address.host.startsWith('127.') || address.host === '::1'
}

/** Whether the Host of a request is one by which a loopback address is reached: a page of the web has another one. */
export function isLocalHost(host: string | undefined): boolean {
  return host === undefined || /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])?(?::\d{1,5})?$/i.test(host)
}
