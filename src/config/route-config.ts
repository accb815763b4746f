/**
 * The way to the server: its name and port, or a Unix socket, or the SRV records of a domain; the address that
 * connections come from and the proxy they go through. What would have no effect is refused.
 */
import { isIP } from 'node:net'
import type { SmtpSettings } from './config.ts'
import { configInvalid } from './config-error.ts'
import { readGiven, readOrDefault, type GivenValues } from './given-values.ts'
import { OPTIONS } from './options.ts'
import type { Option } from './options/option.ts'

/** The port of SMTP with TLS from the first byte (RFC 8314 section 3.3). */
const IMPLICIT_TLS_PORT = 465

/** The port of LMTP (the `lmtp` entry that systems ship in /etc/services). */
const LMTP_PORT = 24

/** What a server behind a Unix socket is called. */
const LOCAL = 'localhost'

/** Options that mean nothing to a Unix socket. */
const NETWORK_ONLY: readonly Option<unknown>[] = [OPTIONS.source_ip, OPTIONS.proxy]

/** The members that are made here. */
export type RouteConfig = Pick<
  SmtpSettings,
  'protocol' | 'host' | 'port' | 'implicitTls' | 'socket' | 'srv' | 'sourceIp' | 'proxy'
>

/** The name of the server; undefined when none is configured. */
export function serverHost(given: GivenValues): string | undefined {
  return (
    readGiven(given, OPTIONS.smtp_hostname) ??
    (readGiven(given, OPTIONS.socket) === undefined ? undefined : LOCAL)
  )
}

/**
 * The way to the server of the written values.
 *
 * @param host its name
 * @param withLogin decides about the port
 * @throws MailError CONFIG_INVALID
 */
export function routeConfig(given: GivenValues, host: string, withLogin: boolean): RouteConfig {
  const socket = readGiven(given, OPTIONS.socket)
  const protocol = readOrDefault(given, OPTIONS.protocol)
  const implicit = readGiven(given, OPTIONS.tls_implicit)
  const usual = protocol === 'lmtp' ? LMTP_PORT : withLogin ? 587 : 25
  const port = readGiven(given, OPTIONS.smtp_port) ?? (implicit === true ? IMPLICIT_TLS_PORT : usual)
  const srv = readOrDefault(given, OPTIONS.srv) ? servicesFor(implicit) : undefined
  refuseContradictions(given, { host, protocol })
  return {
    protocol,
    host,
    port,
    implicitTls: implicit ?? (srv === undefined && socket === undefined && port === IMPLICIT_TLS_PORT),
    socket,
    srv,
    sourceIp: readGiven(given, OPTIONS.source_ip),
    proxy: readGiven(given, OPTIONS.proxy),
  }
}

/** TLS from the first byte is preferred (RFC 8314 section 3). */
function servicesFor(implicit: boolean | undefined): NonNullable<SmtpSettings['srv']> {
  if (implicit === undefined) return ['submissions', 'submission']
  return [implicit ? 'submissions' : 'submission']
}

function refuseContradictions(
  given: GivenValues,
  { host, protocol }: Pick<SmtpSettings, 'host' | 'protocol'>,
): void {
  const refuse = (option: Option<unknown>, sentence: string): never => {
    throw configInvalid(given.get(option.name)?.where ?? 'configuration', sentence)
  }
  const srv = readOrDefault(given, OPTIONS.srv)
  if (readGiven(given, OPTIONS.socket) !== undefined) {
    for (const option of NETWORK_ONLY) {
      if (readGiven(given, option) !== undefined)
        refuse(option, `${option.name} has no effect with socket; remove one of them`)
    }
    if (srv) refuse(OPTIONS.srv, 'srv = yes has no effect with socket; remove one of them')
  }
  if (srv && isIP(host) !== 0)
    refuse(OPTIONS.srv, 'srv = yes needs a domain in smtp_hostname, not an IP address; change one of them')
  if (srv && protocol === 'lmtp')
    refuse(OPTIONS.srv, 'srv = yes looks for servers that speak SMTP, not LMTP; change one of them')
}
