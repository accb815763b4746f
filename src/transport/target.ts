/**
 * The places where the server of an account can be reached, in the order to try them: one, or those that the SRV
 * records of a domain name.
 */
import { logsIn } from '../config/auth-config.ts'
import type { SmtpSettings } from '../config/config.ts'
import type { Failure } from './failure.ts'
import type { SrvResolver } from './srv.ts'

/** One place. */
export interface Target {
  readonly host: string
  readonly port: number
  /** Unix socket to connect to instead of host and port. */
  readonly socket?: string
  readonly implicitTls: boolean
  /** What the certificate has to name: a host name or an IP address. */
  readonly name: string
}

/** A place in words. */
export function placeOf({ host, port, socket }: Target): string {
  return socket ?? `${host} port ${port}`
}

/**
 * Finds the places.
 *
 * @param resolver looks SRV records up; that of the system unless given
 * @param signal gives up at once
 * @returns at least one place, or why there is none
 */
export async function targetsOf(
  settings: SmtpSettings,
  resolver?: SrvResolver,
  signal?: AbortSignal,
): Promise<readonly Target[] | Failure> {
  const { host, port, socket, implicitTls, srv: services, tlsName } = settings
  if (services === undefined) {
    const place = { host, port, implicitTls, name: tlsName ?? host }
    return [socket === undefined ? place : { ...place, socket }]
  }
  const { lookUpServices } = await import('./srv.ts')
  const found = await lookUpServices(
    { domain: host, services, timeout: settings.timeouts.connect },
    resolver,
    signal,
  )
  if ('phase' in found) return found
  return found.map(({ service, ...server }) => ({
    ...server,
    implicitTls: service === 'submissions',
    name: tlsName ?? server.host,
  }))
}

/** Whether a server learns nothing of who we are: nobody logs in, and no client certificate is shown. */
export function isAnonymous(settings: SmtpSettings): boolean {
  return !logsIn(settings) && settings.tlsCert === undefined
}

const isWithin = (host: string, domain: string): boolean =>
  `.${host.toLowerCase()}`.endsWith(`.${domain.toLowerCase().replace(/\.$/, '')}`)

/**
 * Whether the name in a certificate of this place would prove anything. SRV records can be forged, so a server outside
 * the domain that announces it has to be confirmed by `tls_name` (RFC 6186 section 6). Levels that do not look at the
 * name have nothing to prove.
 *
 * @returns why it would not
 */
export function refuseForeign(settings: SmtpSettings, { host }: Target): Failure | undefined {
  const { srv, tls, tlsName, host: domain } = settings
  const relied = tls === 'verify' || (tls === 'may' && !isAnonymous(settings))
  if (srv === undefined || tlsName !== undefined || !relied || isWithin(host, domain)) return undefined
  const why = 'and DNS records can be forged'
  const remedy = `if it is the right server, write tls_name = ${host}, or smtp_hostname = ${host} without srv`
  return {
    phase: 'tls',
    reason: `the SRV records of ${domain} name ${host}, which is outside of it, ${why}; ${remedy}`,
  }
}
