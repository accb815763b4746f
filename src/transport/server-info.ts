/**
 * What a server says about itself: greeting, TLS and extensions. Opens one connection, never logs in and sends
 * nothing. A certificate that is not valid does not stop it, because that is what somebody wants to see.
 */
import type { PeerCertificate, TLSSocket } from 'node:tls'
import type { SmtpSettings } from '../config/config.ts'
import type { Logger } from '../logging/logger.ts'
import type { Failure } from './failure.ts'
import { hearing } from './hearing.ts'
import { openConnection } from './open-connection.ts'

/** The protection of a connection. */
export interface TlsFacts {
  /** Such as `TLSv1.3`. */
  readonly protocol: string
  readonly cipher: string
  readonly subject: string
  readonly issuer: string
  /** As in the certificate, such as `Nov 21 12:00:00 2027 GMT`. */
  readonly validFrom: string
  readonly validTo: string
  /** SHA-256. */
  readonly fingerprint: string
  /** Why the certificate is not valid for this host; undefined when it is. */
  readonly problem: string | undefined
}

/** The facts of one connection. */
export interface ServerInfo {
  readonly greeting: string
  /** The lines of the reply to EHLO, without codes. */
  readonly extensions: readonly string[]
  /** Undefined when the connection is not protected. */
  readonly tls: TlsFacts | undefined
}

/** The most specific name in a certificate. */
function nameIn(party: PeerCertificate['subject'] | undefined): string {
  const { CN, O, OU } = party ?? {}
  return [CN, OU, O].flat().find((name) => name !== undefined && name !== '') ?? '(no name)'
}

/**
 * Asks a server about itself.
 *
 * @param settings the account; its user and password are not used
 * @param log gets the dialogue when it wants debug events
 */
export async function serverInfo(settings: SmtpSettings, log: Logger): Promise<ServerInfo | Failure> {
  const heard = hearing(log)
  const anonymous: SmtpSettings = {
    ...settings,
    auth: { ...settings.auth, method: 'off' },
    tls: settings.tls === 'off' ? 'off' : 'may',
  }
  const connection = await openConnection(anonymous, heard, { insistOnTls: true })
  if ('phase' in connection) return connection
  const { extensions, socket } = connection.facts()
  const info = {
    greeting: heard.greeting,
    extensions,
    tls: socket === undefined ? undefined : tlsFacts(socket),
  }
  await connection.quit(true)
  return info
}

/** The facts of a protected connection. */
export function tlsFacts(socket: TLSSocket): TlsFacts {
  const certificate = socket.getPeerCertificate()
  return {
    protocol: socket.getProtocol() ?? 'unknown',
    cipher: socket.getCipher().name,
    subject: nameIn(certificate.subject),
    issuer: nameIn(certificate.issuer),
    validFrom: certificate.valid_from,
    validTo: certificate.valid_to,
    fingerprint: certificate.fingerprint256,
    problem: socket.authorized ? undefined : String(socket.authorizationError),
  }
}
