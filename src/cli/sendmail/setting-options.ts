/**
 * Options that replace a value of the configuration for one call, in the words of msmtp where it has some.
 */
import type { TlsLevel } from '../../config/config.ts'
import type { ConfigOverride } from '../../config/load.ts'
import { splitWords } from '../../config/kinds/option-kind.ts'
import { OPTIONS } from '../../config/options.ts'
import { MailError } from '../../errors/mail-error.ts'
import { quoteForMessage } from '../../message/address/address.ts'
import type { SendmailOption } from './option.ts'

/** What the options about TLS say; a member is missing when its option is. */
export interface TlsWishes {
  wanted?: boolean
  starttls?: boolean
  certificateCheck?: boolean
  /** Empty takes the configured ones away. */
  fingerprint?: string
}

/** What the options about a proxy say; a member is missing when its option is. Empty means none. */
export interface ProxyWishes {
  host?: string
  port?: string
}

const ON_OFF: Readonly<Record<string, boolean>> = { on: true, off: false, '': true }

const nameOf = ({ letter, long }: SendmailOption): string =>
  long === undefined ? `-${letter ?? ''}` : `--${long}`

/**
 * Reads `on` and `off`; nothing means on.
 *
 * @throws MailError USAGE for anything else
 */
export function yesNo(value: string, option: SendmailOption): boolean {
  const answer = Object.hasOwn(ON_OFF, value) ? ON_OFF[value] : undefined
  if (answer !== undefined) return answer
  throw new MailError('USAGE', `${nameOf(option)} takes on or off, and not ${quoteForMessage(value)}`)
}

/**
 * The value of the configuration that an option asks for.
 *
 * @throws MailError USAGE when it is none
 */
export function settingOverride(value: string, option: SendmailOption): ConfigOverride {
  const by = nameOf(option)
  const { setting } = option
  if (setting === undefined) throw new Error(`${by} sets nothing`)
  const { key, bare, words = {} } = setting
  const text = value === '' && bare !== undefined ? bare : value
  const meant = Object.hasOwn(words, text) ? (words[text] ?? text) : text
  if (meant !== '') checkValue(key, meant, by)
  return { key, value: meant, by }
}

function checkValue(key: ConfigOverride['key'], text: string, by: string): void {
  const { kind } = OPTIONS[key]
  const words = kind.accepts === 'list' ? splitWords(text) : [text]
  const parsed = kind.parse(words, { folder: process.cwd(), home: '' })
  if (parsed.ok) return
  throw new MailError('USAGE', `${by} takes ${parsed.expected}, and not ${quoteForMessage(text)}`)
}

/**
 * The name of a server.
 *
 * @throws MailError USAGE when it is none
 */
export function readHost(text: string, option: SendmailOption): string {
  checkValue('smtp_hostname', text, nameOf(option))
  return text
}

/** The level that the options ask for; undefined when they ask for none. */
function levelOf({ wanted, certificateCheck, fingerprint }: TlsWishes): TlsLevel | undefined {
  const pinned = fingerprint !== undefined && fingerprint !== ''
  const demanded = wanted ?? (certificateCheck === undefined && !pinned ? undefined : true)
  if (demanded === undefined) return undefined
  if (!demanded) return 'off'
  if (pinned) return 'pin'
  return certificateCheck === false ? 'require' : 'verify'
}

/** Values of a configuration that would contradict a level. */
const OVERRULED: Readonly<Record<TlsLevel, readonly ConfigOverride['key'][]>> = {
  off: ['tls_ca', 'tls_cert', 'tls_key', 'tls_name', 'tls_fingerprint'],
  may: ['tls_fingerprint'],
  require: ['tls_fingerprint'],
  verify: ['tls_fingerprint'],
  pin: ['tls_ca'],
}

/**
 * The values that the options about TLS ask for together, whatever their order. What a configuration says against it
 * is taken away.
 *
 * @param given what other options set
 * @throws MailError USAGE for a fingerprint that is none, or that is not to be checked
 */
export function tlsOverrides(wishes: TlsWishes, given: readonly ConfigOverride[]): ConfigOverride[] {
  const { starttls, certificateCheck, fingerprint } = wishes
  if (fingerprint !== undefined && fingerprint !== '') {
    checkValue('tls_fingerprint', fingerprint, '--tls-fingerprint')
    if (certificateCheck === false)
      throw new MailError('USAGE', '--tls-certcheck=off contradicts --tls-fingerprint; leave one of them out')
  }
  const level = levelOf(wishes)
  const made: ConfigOverride[] = []
  if (level !== undefined) made.push({ key: 'tls', value: level, by: '--tls' })
  if (fingerprint !== undefined && level !== 'off')
    made.push({ key: 'tls_fingerprint', value: fingerprint, by: '--tls-fingerprint' })
  if (starttls !== undefined)
    made.push({ key: 'tls_implicit', value: starttls ? 'no' : 'yes', by: '--tls-starttls' })
  const kept = new Set([...given, ...made].map(({ key }) => key))
  const overruled = level === undefined ? [] : OVERRULED[level].filter((key) => !kept.has(key))
  return [...made, ...overruled.map((key) => ({ key, value: '', by: '--tls' }))]
}

/** The port of a proxy, unless one is named. */
const USUAL_PROXY_PORT = '1080'

/**
 * The value that the options about a proxy ask for: a SOCKS5 proxy, or none.
 *
 * @throws MailError USAGE when they name no proxy, or one that cannot be
 */
export function proxyOverrides({ host, port }: ProxyWishes): ConfigOverride[] {
  if (host === undefined && port === undefined) return []
  if (host === undefined) throw new MailError('USAGE', '--proxy-port needs --proxy-host; add it')
  const by = '--proxy-host'
  if (host === '') return [{ key: 'proxy', value: '', by }]
  const named = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
  const value = `socks5://${named}:${port === undefined || port === '' ? USUAL_PROXY_PORT : port}`
  if (/[@/]/.test(host)) throw new MailError('USAGE', `${by} takes a host name or an IP address, and no more`)
  checkValue('proxy', value, by)
  return [{ key: 'proxy', value, by }]
}
