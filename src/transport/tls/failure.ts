/**
 * Why a connection could not be protected, in words for users: what, why, what to do. A table from the codes of OpenSSL
 * and Node.js; docs/tls.md explains the same cases.
 */
import type { SmtpSettings } from '../../config/config.ts'
import { describeError } from '../../errors/errno.ts'
import type { Target } from '../target.ts'

/** The connection a failure is about. */
export interface TlsAttempt {
  readonly settings: Pick<SmtpSettings, 'tls' | 'tlsMinVersion' | 'tlsCert'>
  readonly target: Target
}

/** An error of a handshake. */
interface TlsError extends Error {
  readonly code?: string | undefined
  /** The code before the protocol engine put its own in its place. */
  readonly originalCode?: string
}

interface TlsFailureRow {
  readonly codes: readonly string[]
  /** What is wrong and what to do, as one sentence that begins with the server. */
  readonly words: (attempt: TlsAttempt, error: Error) => string
}

const certificateOf = ({ target }: TlsAttempt): string => `the certificate of ${target.host}`

/** Names are from the certificate: whoever made it may have put anything there. */
function namesIn(error: Error): string {
  const cert: unknown = Reflect.get(error, 'cert')
  const names: unknown = cert instanceof Object ? Reflect.get(cert, 'subjectaltname') : undefined
  const found = typeof names === 'string' ? names.replace(/(?:DNS|IP Address):/g, '') : ''
  return found === '' ? 'no name at all' : found.length > 200 ? `${found.slice(0, 200)}...` : found
}

const PIN = 'tls = pin with its tls_fingerprint, which mq-sendmail --serverinfo shows'

function notTls({ target }: TlsAttempt): string {
  const what = `${target.host} does not speak TLS`
  return target.implicitTls
    ? `${what} from the first byte; write tls_implicit = no if it has STARTTLS, or check smtp_port`
    : `${what} although it offers STARTTLS; its operator has to correct that`
}

function noCommonGround({ target, settings }: TlsAttempt): string {
  const what = `${target.host} and this program have no TLS version or cipher in common, or it wants a certificate`
  const remedy = settings.tlsCert === undefined ? 'set tls_cert and tls_key' : 'check tls_cert and tls_key'
  return `${what}; ${remedy}, or lower tls_min_version`
}

/** The table. */
const TLS_FAILURES: readonly TlsFailureRow[] = [
  {
    codes: ['CERT_HAS_EXPIRED'],
    words: (attempt) =>
      `${certificateOf(attempt)} has expired; its operator has to renew it, unless the clock here is wrong`,
  },
  {
    codes: ['CERT_NOT_YET_VALID'],
    words: (attempt) => `${certificateOf(attempt)} is not valid yet; check the clock of this machine`,
  },
  {
    codes: ['ERR_TLS_CERT_ALTNAME_INVALID', 'HOSTNAME_MISMATCH', 'IP_ADDRESS_MISMATCH'],
    words: (attempt, error) =>
      `${certificateOf(attempt)} is for ${namesIn(error)} and not for ${attempt.target.name}; ` +
      'correct smtp_hostname, or write in tls_name the name that it is to have',
  },
  {
    codes: ['DEPTH_ZERO_SELF_SIGNED_CERT'],
    words: (attempt) => `${certificateOf(attempt)} is self-signed; name its file in tls_ca, or write ${PIN}`,
  },
  {
    codes: [
      'SELF_SIGNED_CERT_IN_CHAIN',
      'UNABLE_TO_GET_ISSUER_CERT',
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'CERT_UNTRUSTED',
      'CERT_CHAIN_TOO_LONG',
      'INVALID_CA',
    ],
    words: (attempt) =>
      `${certificateOf(attempt)} is signed by nobody who is trusted here; ` +
      `name the certificate of who signed it in tls_ca, or write ${PIN}`,
  },
  {
    codes: ['CERT_REVOKED', 'CERT_REJECTED', 'INVALID_PURPOSE', 'CERT_SIGNATURE_FAILURE'],
    words: (attempt) => `${certificateOf(attempt)} is not valid; its operator has to replace it`,
  },
  {
    codes: [
      'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
      'ERR_SSL_UNSUPPORTED_PROTOCOL',
      'ERR_SSL_VERSION_TOO_LOW',
      'ERR_SSL_LEGACY_SIGALG_DISALLOWED_OR_UNSUPPORTED',
    ],
    words: ({ target, settings: { tlsMinVersion: least } }) =>
      `${target.host} speaks no version of TLS from ${least} on; its operator has to update it, or lower tls_min_version`,
  },
  {
    codes: ['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG', 'ERR_SSL_HTTP_REQUEST'],
    words: notTls,
  },
  {
    codes: [
      'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
      'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE',
      'ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN',
      'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
      'ERR_SSL_TLSV1_ALERT_ACCESS_DENIED',
    ],
    words: ({ target, settings }) =>
      settings.tlsCert === undefined
        ? `${target.host} wants a certificate of the client; set tls_cert and tls_key`
        : `${target.host} does not accept the certificate in tls_cert; ask its operator for one`,
  },
  {
    codes: ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', 'ERR_SSL_NO_PROTOCOLS_AVAILABLE'],
    words: noCommonGround,
  },
  {
    codes: [
      'ERR_SSL_DH_KEY_TOO_SMALL',
      'ERR_SSL_EE_KEY_TOO_SMALL',
      'ERR_SSL_CA_KEY_TOO_SMALL',
      'ERR_SSL_CA_MD_TOO_WEAK',
    ],
    words: ({ target }) =>
      `${target.host} has a key or a signature that is too weak; its operator has to replace it`,
  },
]

/** The code of an error; empty when it has none. */
export const tlsCodeOf = ({ originalCode, code }: TlsError): string => originalCode ?? code ?? ''

/**
 * The words for an error.
 *
 * @param handshaking a handshake was under way: then every error has words
 * @returns undefined for an error that has nothing to do with TLS
 */
export function describeTlsError(
  error: TlsError,
  attempt: TlsAttempt,
  handshaking: boolean,
): string | undefined {
  const code = tlsCodeOf(error)
  const row = TLS_FAILURES.find(({ codes }) => codes.includes(code))
  if (row !== undefined) return `${row.words(attempt, error)} (${code})`
  if (!handshaking && !code.startsWith('ERR_SSL_')) return undefined
  // the message of OpenSSL has file names and line numbers in it
  const reason: unknown = Reflect.get(error, 'reason')
  const closed = code === 'ECONNRESET' || /closed/.test(error.message)
  const why = closed ? 'it closed the connection' : typeof reason === 'string' ? reason : describeError(error)
  return `the TLS handshake with ${attempt.target.host} failed: ${why}; ask its operator, or try tls_min_version`
}

/**
 * The words for a server that does not let itself be protected.
 *
 * @param reply to STARTTLS, or to EHLO when the server does not know it
 * @param offered whether its reply to EHLO named STARTTLS
 */
export function describeMissingTls(
  { settings, target }: TlsAttempt,
  reply: string,
  offered: boolean,
): string {
  const demand = `tls = ${settings.tls} sends nothing without TLS`
  if (offered) return `${target.host} refuses STARTTLS: ${reply}; ${demand}, so it will be tried again`
  const remedy = 'check smtp_hostname and smtp_port, and whether something on the way removes it'
  return `${target.host} does not offer STARTTLS (${reply}), and ${demand}; ${remedy}`
}

/**
 * The words for a certificate with a fingerprint that is not configured.
 *
 * @param seen its fingerprint
 */
export function describeOtherPin({ target }: TlsAttempt, seen: string): string {
  const remedy = `if it was renewed, and only then, write tls_fingerprint = ${seen}`
  return `the certificate of ${target.host} has none of the fingerprints in tls_fingerprint; ${remedy}`
}
