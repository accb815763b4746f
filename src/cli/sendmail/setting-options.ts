/**
 * Options that replace a value of the configuration for one call, in the words of msmtp where it has some.
 */
import type { ConfigOverride } from '../../config/load.ts'
import { OPTIONS } from '../../config/options.ts'
import { MailError } from '../../errors/mail-error.ts'
import { quoteForMessage } from '../../message/address.ts'
import type { SendmailOption } from './option.ts'

/** What the options about TLS say; a member is missing when its option is. */
export interface TlsWishes {
  wanted?: boolean
  starttls?: boolean
  certificateCheck?: boolean
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
  const parsed = OPTIONS[key].kind.parse([text], { folder: process.cwd(), home: '' })
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

/**
 * The values that the options about TLS ask for together, whatever their order.
 *
 * @param given what other options set
 * @throws MailError USAGE for TLS from the first byte on a port where nobody speaks it
 */
export function tlsOverrides(
  { wanted, starttls, certificateCheck }: TlsWishes,
  given: readonly ConfigOverride[],
): ConfigOverride[] {
  const demanded = wanted ?? (certificateCheck === undefined ? undefined : true)
  const level =
    demanded === undefined ? undefined : !demanded ? 'off' : certificateCheck === false ? 'require' : 'verify'
  const tls = level === undefined ? [] : [{ key: 'tls' as const, value: level, by: '--tls' }]
  if (starttls !== false) return tls
  const port = given.findLast(({ key }) => key === 'smtp_port')
  if (port !== undefined && port.value !== '465') {
    throw new MailError('USAGE', '--tls-starttls=off needs port 465, where TLS is spoken from the first byte')
  }
  return port === undefined ? [...tls, { key: 'smtp_port', value: '465', by: '--tls-starttls' }] : tls
}
