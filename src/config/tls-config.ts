/**
 * The settings of TLS: the level that follows from what else is given, and combinations that could never work or
 * would have no effect.
 */
import type { SmtpSettings, TlsLevel } from './config.ts'
import { configInvalid } from './config-error.ts'
import { readGiven, readOrDefault, type GivenValues } from './given-values.ts'
import { OPTIONS } from './options.ts'
import type { Option } from './options/option.ts'

/** The members that are made here. */
export type TlsConfig = Pick<
  SmtpSettings,
  'tls' | 'tlsCa' | 'tlsFingerprints' | 'tlsCert' | 'tlsKey' | 'tlsMinVersion' | 'tlsName'
>

/** Options that a level makes meaningless, and what to do. */
const MEANINGLESS: readonly {
  readonly levels: readonly TlsLevel[]
  readonly options: readonly Option<unknown>[]
  readonly remedy: string
}[] = [
  {
    levels: ['off'],
    options: [OPTIONS.tls_ca, OPTIONS.tls_cert, OPTIONS.tls_key, OPTIONS.tls_name],
    remedy: 'write tls = verify',
  },
  {
    levels: ['pin'],
    options: [OPTIONS.tls_ca],
    remedy: 'the fingerprint alone decides: write tls = verify',
  },
  {
    levels: ['off', 'may', 'require', 'verify'],
    options: [OPTIONS.tls_fingerprint],
    remedy: 'write tls = pin',
  },
]

/**
 * The TLS settings of the written values.
 *
 * @param others whether a user name or `srv` is given, which make `verify` the default
 * @throws MailError CONFIG_INVALID
 */
export function tlsConfig(given: GivenValues, others: { readonly verified: boolean }): TlsConfig {
  const tlsCa = readGiven(given, OPTIONS.tls_ca)
  const tlsFingerprints = readOrDefault(given, OPTIONS.tls_fingerprint)
  const { tlsCert, tlsKey } = clientCertificate(given)
  const verified = others.verified || tlsCa !== undefined || tlsCert !== undefined
  const usual = tlsFingerprints.length > 0 ? 'pin' : verified ? 'verify' : 'may'
  const tls = readGiven(given, OPTIONS.tls) ?? usual
  if (tls === 'pin' && tlsFingerprints.length === 0) {
    const sentence = 'tls = pin needs the fingerprint of the certificate; add tls_fingerprint'
    throw configInvalid(
      given.get(OPTIONS.tls.name)?.where ?? 'configuration',
      `${sentence}, which mq-sendmail --serverinfo shows`,
    )
  }
  refuseMeaningless(given, tls)
  return {
    tls,
    tlsCa,
    tlsFingerprints,
    tlsCert,
    tlsKey,
    tlsMinVersion: readOrDefault(given, OPTIONS.tls_min_version),
    tlsName: readGiven(given, OPTIONS.tls_name),
  }
}

/** Both or neither. */
function clientCertificate(given: GivenValues): Pick<SmtpSettings, 'tlsCert' | 'tlsKey'> {
  const tlsCert = readGiven(given, OPTIONS.tls_cert)
  const tlsKey = readGiven(given, OPTIONS.tls_key)
  if ((tlsCert === undefined) === (tlsKey === undefined)) return { tlsCert, tlsKey }
  const [present, missing] = tlsKey === undefined ? ['tls_cert', 'tls_key'] : ['tls_key', 'tls_cert']
  const where = given.get(present)?.where ?? 'configuration'
  throw configInvalid(where, `${present} is set but ${missing} is not; set both or neither`)
}

function refuseMeaningless(given: GivenValues, level: TlsLevel): void {
  for (const { levels, options, remedy } of MEANINGLESS) {
    const option = levels.includes(level) ? options.find((one) => isGiven(given, one)) : undefined
    if (option === undefined) continue
    const where = given.get(OPTIONS.tls.name)?.where ?? given.get(option.name)?.where ?? 'configuration'
    throw configInvalid(
      where,
      `tls = ${level} makes ${option.name} meaningless; ${remedy} or remove ${option.name}`,
    )
  }
}

function isGiven(given: GivenValues, option: Option<unknown>): boolean {
  const value = readGiven(given, option)
  return Array.isArray(value) ? value.length > 0 : value !== undefined
}
