/**
 * The certificates and the key that the settings name. They are read for each connection, so that renewed files are
 * seen; one that is of no use is a fault of this site, in words that say which file and what to do.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { SmtpSettings } from '../../config/config.ts'
import { describeError } from '../../errors/errno.ts'

/** What the files hold; a member is missing when no file is named. */
export interface TlsFiles {
  readonly ca?: Buffer
  readonly cert?: Buffer
  readonly key?: Buffer
}

const CERTIFICATE = /^-----(BEGIN|END) (?:X509 |TRUSTED )?CERTIFICATE-----/gm
/** How many certificates of a file are looked at: all of those of a site, not a hundred of the system each time. */
const LOOKED_AT = 8
const HOLDS_KEY = /^-----BEGIN (?:[A-Z0-9]+ )?PRIVATE KEY-----/m
/** In both formats of keys that have one. */
const HAS_PASSPHRASE = /^-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m

async function read(option: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    throw new Error(
      `cannot read ${option}: ${describeError(error)}; check the path and who may read the file`,
      {
        cause: error,
      },
    )
  }
}

/** The engine passes over a certificate that it cannot read and, with it, all that follow. */
function isDamaged(text: string): boolean {
  const marks = [...text.matchAll(CERTIFICATE)]
  const begins = marks.filter(([, word]) => word === 'BEGIN').map(({ index }) => index)
  if (begins.length !== marks.length - begins.length) return true
  try {
    return begins.slice(0, LOOKED_AT).some((begin) => new X509Certificate(text.slice(begin)).raw.length === 0)
  } catch {
    return true
  }
}

async function readCertificates(option: string, path: string): Promise<Buffer> {
  const bytes = await read(option, path)
  const text = bytes.toString('latin1')
  const remedy = `name another file in ${option}`
  if (text.search(CERTIFICATE) === -1)
    throw new Error(`${path} holds no certificate in PEM format; ${remedy}`)
  if (isDamaged(text))
    throw new Error(`${path} holds a certificate that is damaged; restore it, or ${remedy}`)
  return bytes
}

async function readKey(path: string): Promise<Buffer> {
  const bytes = await read('tls_key', path)
  const text = bytes.toString('latin1')
  if (HAS_PASSPHRASE.test(text)) {
    const why = `the key in ${path} has a passphrase, and there is nobody to ask for it`
    throw new Error(
      `${why}; write it without one ("openssl pkey -in FILE -out NEW") and name that in tls_key`,
    )
  }
  const remedy = 'name another file in tls_key'
  if (!HOLDS_KEY.test(text)) throw new Error(`${path} holds no private key in PEM format; ${remedy}`)
  try {
    createPrivateKey(bytes)
    return bytes
  } catch (error) {
    throw new Error(`${path} holds a private key that is damaged; restore it, or ${remedy}`, { cause: error })
  }
}

/**
 * Reads the files of the settings.
 *
 * @throws Error which file is of no use, why, and what to do
 */
export async function readTlsFiles({
  tlsCa,
  tlsCert,
  tlsKey,
}: Pick<SmtpSettings, 'tlsCa' | 'tlsCert' | 'tlsKey'>): Promise<TlsFiles> {
  return {
    ...(tlsCa === undefined ? undefined : { ca: await readCertificates('tls_ca', tlsCa) }),
    ...(tlsCert === undefined ? undefined : { cert: await readCertificates('tls_cert', tlsCert) }),
    ...(tlsKey === undefined ? undefined : { key: await readKey(tlsKey) }),
  }
}
