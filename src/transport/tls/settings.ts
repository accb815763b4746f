/**
 * The configured TLS level in the terms of the protocol engine. Files that can't be used are a fault of this site,
 * found before anything is sent.
 */
import {
  createSecureContext,
  type SecureContext,
  type SecureContextOptions,
  type SecureVersion,
} from 'node:tls'
import type { SmtpSettings, TlsLevel, TlsVersion } from '../../config/config.ts'
import { describeError, errnoOf } from '../../errors/errno.ts'
import type { Failure } from '../failure.ts'
import { readTlsFiles, type TlsFiles } from './files.ts'

/** How the protocol engine is to protect a connection. */
export interface TlsPlan {
  readonly secure: boolean
  readonly ignoreTLS: boolean
  readonly opportunisticTLS: boolean
  readonly requireTLS: boolean
  readonly tls: { readonly rejectUnauthorized: boolean } & Protection
}

/** The versions of the protocol, and a context made beforehand where files are to be tried before anything is sent. */
type Protection =
  Pick<SecureContextOptions, 'minVersion' | 'ciphers'> | { readonly secureContext: SecureContext }

const STARTTLS: Readonly<Record<TlsLevel, Omit<TlsPlan, 'secure' | 'tls'>>> = {
  off: { ignoreTLS: true, opportunisticTLS: false, requireTLS: false },
  may: { ignoreTLS: false, opportunisticTLS: true, requireTLS: false },
  require: { ignoreTLS: false, opportunisticTLS: false, requireTLS: true },
  verify: { ignoreTLS: false, opportunisticTLS: false, requireTLS: true },
  pin: { ignoreTLS: false, opportunisticTLS: false, requireTLS: true },
}

const VERSIONS: Readonly<Record<TlsVersion, SecureVersion>> = {
  '1.0': 'TLSv1',
  '1.1': 'TLSv1.1',
  '1.2': 'TLSv1.2',
  '1.3': 'TLSv1.3',
}

/** The versions before 1.2 sign with SHA-1, which the library refuses unless told otherwise. */
const OLD_CIPHERS = { ciphers: 'DEFAULT@SECLEVEL=0' }

/** No TLS at all. */
export const IN_CLEAR: TlsPlan = { secure: false, ...STARTTLS.off, tls: { rejectUnauthorized: true } }

/**
 * Makes the plan for one connection.
 *
 * @param implicitTls TLS from the first byte
 * @returns the plan, or a failure when a file that the settings name is of no use
 */
export async function planTls(settings: SmtpSettings, implicitTls: boolean): Promise<TlsPlan | Failure> {
  const { tls: level } = settings
  if (level === 'off' && !implicitTls) return IN_CLEAR
  try {
    const protection = protect(settings, await readTlsFiles(settings))
    const rejectUnauthorized = level === 'verify'
    return { secure: implicitTls, ...STARTTLS[level], tls: { rejectUnauthorized, ...protection } }
  } catch (error) {
    return { phase: 'setup', reason: describeError(error) }
  }
}

/** Without files nothing can be wrong, and node:tls, which is slow to load, waits until a server offers TLS. */
function protect(settings: SmtpSettings, files: TlsFiles): Protection {
  const { tlsMinVersion } = settings
  const old = tlsMinVersion === '1.0' || tlsMinVersion === '1.1'
  const versions = { minVersion: VERSIONS[tlsMinVersion], ...(old ? OLD_CIPHERS : undefined) }
  if (Object.keys(files).length === 0) return versions
  return { secureContext: contextOf(settings, { ...versions, ...files }) }
}

function contextOf({ tlsCert, tlsKey }: SmtpSettings, options: SecureContextOptions): SecureContext {
  try {
    return createSecureContext(options)
  } catch (error) {
    const why =
      errnoOf(error) === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH'
        ? 'the key does not belong to the certificate'
        : describeError(error)
    const remedy = 'name the files of one pair'
    throw new Error(`cannot use tls_cert ${tlsCert ?? ''} with tls_key ${tlsKey ?? ''}: ${why}; ${remedy}`, {
      cause: error,
    })
  }
}
