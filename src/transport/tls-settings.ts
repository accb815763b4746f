/**
 * The configured TLS level in the terms of the protocol engine. The file of trusted certificates is read for
 * each connection, so that a renewed file is seen; one that can't be read is a failure of the account.
 */
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import type { SmtpSettings, TlsLevel } from '../config/config.ts'
import { describeError } from '../errors/errno.ts'
import type { Failure } from './failure.ts'

/** How the protocol engine is to protect a connection. */
export interface TlsPlan {
  readonly secure: boolean
  readonly ignoreTLS: boolean
  readonly opportunisticTLS: boolean
  readonly requireTLS: boolean
  readonly tls: { readonly rejectUnauthorized: boolean; readonly servername?: string; readonly ca?: Buffer }
}

const STARTTLS: Readonly<Record<TlsLevel, Omit<TlsPlan, 'secure' | 'tls'>>> = {
  off: { ignoreTLS: true, opportunisticTLS: false, requireTLS: false },
  may: { ignoreTLS: false, opportunisticTLS: true, requireTLS: false },
  require: { ignoreTLS: false, opportunisticTLS: false, requireTLS: true },
  verify: { ignoreTLS: false, opportunisticTLS: false, requireTLS: true },
}

/**
 * Makes the plan for one connection.
 *
 * @returns the plan, or a failure when the file named by `tls_ca` can't be read
 */
export async function planTls(settings: SmtpSettings): Promise<TlsPlan | Failure> {
  const { host, tls: level, tlsCa, implicitTls } = settings
  const wanted = implicitTls || level !== 'off'
  let ca: Buffer | undefined
  try {
    if (wanted && tlsCa !== undefined) ca = await readFile(tlsCa)
  } catch (error) {
    const reason = `cannot read the certificates of tls_ca: ${describeError(error)}; check the path`
    return { phase: 'tls', reason }
  }
  return {
    secure: implicitTls,
    ...STARTTLS[level],
    tls: {
      rejectUnauthorized: level === 'verify',
      ...(isIP(host) === 0 ? { servername: host } : undefined),
      ...(ca === undefined ? undefined : { ca }),
    },
  }
}
