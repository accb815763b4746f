/**
 * The command line that msmtpq keeps beside a message: words of msmtp, separated by blanks, without quotes. What is
 * not known here is refused, because the word after an unknown option may be its argument or a recipient; so is an
 * option with which msmtp sends nothing. Words are
 * never repeated in a sentence: some hold a user name or a command for a password.
 */
import type { Notify, ReportRequest } from '../../message/envelope.ts'

/** What a command line asks for. */
export interface MsmtpCall {
  /** As written; undefined when the configuration of msmtp has it. */
  readonly sender: string | undefined
  /** The sender stands in the From field. */
  readonly senderInHeader: boolean
  readonly operands: readonly string[]
  /** -t: further recipients stand in the header. */
  readonly recipientsInHeader: boolean
  readonly keepsBcc: boolean
  readonly reports: ReportRequest | undefined
  /** It chooses an account or a server of its own. */
  readonly choosesServer: boolean
}

/** Letters with an argument, attached or in the next word; `d` takes an attached one only. */
const WITH_ARGUMENT = 'CafNRXABbFhLOo'
const WITHOUT_ARGUMENT = 'vtdGimn'
/** Long options whose argument is demanded, so that it may be the next word. */
const DEMANDED =
  /^(?:host|port|source-ip|proxy-host|proxy-port|socket|timeout|protocol|domain|user|passwordeval|tls-trust-file|tls-crl-file|tls-fingerprint|tls-key-file|tls-cert-file|tls-priorities|tls-host-override|tls-min-dh-prime-bits|file|account|from|dsn-notify|dsn-return|logfile|logfile-time-format|aliases|maildomain)$/
/** Long options whose argument can only be attached with `=`, or that have none. */
const ATTACHED =
  /^(?:debug|read-recipients|read-envelope-from|auth|tls|tls-starttls|tls-certcheck|tls-nocertcheck|tls-force-sslv3|set-from-header|set-date-header|set-msgid-header|add-missing-from-header|add-missing-date-header|allow-from-override|remove-bcc-headers|keepbcc|undisclosed-recipients|syslog|auto-from)$/
const LONG_NAME: Readonly<Record<string, string>> = {
  C: 'file',
  a: 'account',
  f: 'from',
  F: 'full-name',
  N: 'dsn-notify',
  R: 'dsn-return',
  t: 'read-recipients',
}
const CHOOSES_SERVER = /^(?:host|port|account|socket|protocol)$/

interface Option {
  readonly name: string
  readonly value: string
}

/** Thrown and caught in this file only. */
class Unreadable extends Error {}

function readLong(word: string, rest: string[]): Option {
  const [, name = '', attached] = /^--([^=]*)(?:=(.*))?$/.exec(word) ?? []
  if (DEMANDED.test(name)) return { name, value: attached ?? nextWord(rest) }
  if (ATTACHED.test(name)) return { name, value: attached ?? '' }
  throw new Unreadable('its command line has an option that is not known')
}

function nextWord(rest: string[]): string {
  const word = rest.shift()
  if (word === undefined) throw new Unreadable('its command line ends before its last option does')
  return word
}

/** The options in one word such as `-ti` or `-fme@site.example`. */
function* readLetters(word: string, rest: string[]): Generator<Option> {
  for (let at = 1; at < word.length; at += 1) {
    const letter = word.charAt(at)
    const name = LONG_NAME[letter] ?? letter
    const attached = word.slice(at + 1)
    if (WITH_ARGUMENT.includes(letter)) {
      yield { name, value: attached === '' ? nextWord(rest) : attached }
      return
    }
    if (!WITHOUT_ARGUMENT.includes(letter)) {
      throw new Unreadable('its command line has an option that is not known')
    }
    yield { name, value: '' }
    if (letter === 'd') return
  }
}

function readWords(text: string): { options: Option[]; operands: string[] } {
  const rest = text.split(/[ \t\r\n]+/).filter((word) => word !== '')
  const options: Option[] = []
  const operands: string[] = []
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--') operands.push(...rest.splice(0))
    else if (word.startsWith('--')) options.push(readLong(word, rest))
    else if (word.startsWith('-') && word !== '-') options.push(...readLetters(word, rest))
    else operands.push(word)
  }
  return { options, operands }
}

function readReports(notify: string, ret: string): ReportRequest | undefined {
  const wanted = notify
    .split(',')
    .filter((word): word is Notify => /^(?:never|success|failure|delay)$/.test(word))
  const request: ReportRequest = {
    ...(wanted.length === 0 ? {} : { notify: wanted }),
    ...(ret === 'full' ? { ret: 'full' as const } : {}),
    ...(ret === 'headers' ? { ret: 'hdrs' as const } : {}),
  }
  return Object.keys(request).length === 0 ? undefined : request
}

/**
 * Reads a command line.
 *
 * @param text the contents of the `.msmtp` file
 * @returns the call, or one sentence that says why it cannot be read
 */
export function readMsmtpWords(text: string): MsmtpCall | string {
  try {
    const { options, operands } = readWords(text)
    const valueOf = (name: string) => options.findLast((option) => option.name === name)?.value
    const isOn = (name: string) => (valueOf(name) ?? 'off') !== 'off'
    if (isOn('undisclosed-recipients')) return 'it asks for undisclosed recipients'
    // Its argument may have had a blank, and then the words behind it look like recipients.
    if (valueOf('full-name') !== undefined && operands.some((word) => !word.includes('@'))) {
      return 'its command line has a name with blanks, which cannot be told from recipients'
    }
    return {
      sender: valueOf('from'),
      senderInHeader: isOn('read-envelope-from'),
      operands,
      recipientsInHeader: valueOf('read-recipients') !== undefined,
      keepsBcc: valueOf('remove-bcc-headers') === 'off' || isOn('keepbcc'),
      reports: readReports(valueOf('dsn-notify') ?? '', valueOf('dsn-return') ?? ''),
      choosesServer: options.some(({ name }) => CHOOSES_SERVER.test(name)),
    }
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error
    return error.message
  }
}
