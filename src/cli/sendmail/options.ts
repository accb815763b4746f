/**
 * Every option of mq-sendmail, as one table: what it takes and what it does. `ignored` options are accepted
 * because callers of sendmail give them and their absence changes nothing here; the man page lists them. What
 * is in no row is an error, never a recipient.
 */
import type { ArgumentKind, Grammar } from './getopt.ts'

/** What an option does. */
export type SendmailEffect =
  | 'aliases'
  | 'config'
  | 'envid'
  | 'from'
  | 'full-name'
  | 'help'
  | 'ignore-dots'
  | 'ignored'
  | 'mode'
  | 'no-aliases'
  | 'notify'
  | 'print-config'
  | 'queue-run'
  | 'read-recipients'
  | 'return'
  | 'set-option'
  | 'set-to-header'
  | 'verbose'
  | 'version'

/** One option. */
export interface SendmailOption {
  readonly letter?: string
  readonly long?: string
  readonly takes: ArgumentKind
  readonly effect: SendmailEffect
  /** For --help and the man page. */
  readonly doc: string
}

export const SENDMAIL_OPTIONS: readonly SendmailOption[] = [
  {
    letter: 't',
    long: 'read-recipients',
    takes: 'none',
    effect: 'read-recipients',
    doc: 'add the recipients of To, Cc and Bcc',
  },
  {
    letter: 'f',
    long: 'from',
    takes: 'required',
    effect: 'from',
    doc: 'envelope sender; empty or <> is the null sender',
  },
  { letter: 'r', takes: 'required', effect: 'from', doc: 'the same as -f' },
  {
    letter: 'F',
    takes: 'required',
    effect: 'full-name',
    doc: 'display name of a From header that has to be made',
  },
  {
    letter: 'i',
    takes: 'none',
    effect: 'ignore-dots',
    doc: 'a line with a single dot does not end the message',
  },
  {
    letter: 'o',
    takes: 'required',
    effect: 'set-option',
    doc: 'i: as -i; dq: queue only; all others are ignored',
  },
  {
    letter: 'b',
    takes: 'required',
    effect: 'mode',
    doc: 'm: send (the default); s: SMTP on standard input and output; p: list the queue; i: check the aliases; V: version',
  },
  { letter: 'q', takes: 'attached', effect: 'queue-run', doc: 'run the queue once, ignoring the schedule' },
  { letter: 'n', takes: 'none', effect: 'no-aliases', doc: 'do not look up aliases' },
  {
    letter: 'N',
    long: 'dsn-notify',
    takes: 'required',
    effect: 'notify',
    doc: 'delivery reports: never, or a list of success, failure, delay',
  },
  {
    letter: 'R',
    long: 'dsn-return',
    takes: 'required',
    effect: 'return',
    doc: 'what a report of a failure returns: full or hdrs',
  },
  { letter: 'V', takes: 'required', effect: 'envid', doc: 'name of the message in delivery reports' },
  {
    letter: 'v',
    long: 'verbose',
    takes: 'none',
    effect: 'verbose',
    doc: 'say on standard error what became of the message',
  },
  { letter: 'C', long: 'config', takes: 'required', effect: 'config', doc: 'configuration file' },
  {
    long: 'aliases',
    takes: 'required',
    effect: 'aliases',
    doc: 'aliases file instead of the configured one',
  },
  {
    long: 'set-to-header',
    takes: 'none',
    effect: 'set-to-header',
    doc: 'add a To header when there is none',
  },
  {
    long: 'print-config',
    takes: 'none',
    effect: 'print-config',
    doc: 'print the configuration without secrets',
  },
  { long: 'help', takes: 'none', effect: 'help', doc: 'print this text' },
  { long: 'version', takes: 'none', effect: 'version', doc: 'print the version' },
  { long: 'set-date-header', takes: 'none', effect: 'ignored', doc: 'a missing Date is always added' },
  { long: 'set-msgid-header', takes: 'none', effect: 'ignored', doc: 'a missing Message-ID is always added' },
  { long: 'set-from-header', takes: 'none', effect: 'ignored', doc: 'a missing From is always added' },
  { letter: 'A', takes: 'required', effect: 'ignored', doc: 'which configuration of sendmail' },
  { letter: 'B', takes: 'required', effect: 'ignored', doc: 'body type: taken from the message itself' },
  { letter: 'G', takes: 'none', effect: 'ignored', doc: 'gateway submission' },
  { letter: 'L', takes: 'required', effect: 'ignored', doc: 'syslog tag' },
  {
    letter: 'O',
    takes: 'required',
    effect: 'set-option',
    doc: 'IgnoreDots=true: as -i; all others are ignored',
  },
  { letter: 'U', takes: 'none', effect: 'ignored', doc: 'initial submission' },
  { letter: 'c', takes: 'none', effect: 'ignored', doc: 'connect to expensive mailers' },
  { letter: 'e', takes: 'required', effect: 'ignored', doc: 'error mode: errors are told on standard error' },
  { letter: 'h', takes: 'required', effect: 'ignored', doc: 'hop count' },
  { letter: 'm', takes: 'none', effect: 'ignored', doc: 'me too' },
  { letter: 'p', takes: 'required', effect: 'ignored', doc: 'protocol received by' },
  { letter: 'x', takes: 'none', effect: 'ignored', doc: 'trace flag of other systems' },
]

/** The grammar of the table. */
export function sendmailGrammar(): Grammar {
  const short = new Map<string, ArgumentKind>()
  const long = new Map<string, ArgumentKind>()
  for (const option of SENDMAIL_OPTIONS) {
    if (option.letter !== undefined) short.set(option.letter, option.takes)
    if (option.long !== undefined) long.set(option.long, option.takes)
  }
  return { short, long }
}

/** The row of an option as the parser names it: a letter or a long name. */
export function sendmailOption(name: string): SendmailOption | undefined {
  return SENDMAIL_OPTIONS.find((option) => option.letter === name || option.long === name)
}

/** The text of --help. */
export function sendmailHelp(program: string): string {
  const rows = SENDMAIL_OPTIONS.filter((option) => option.effect !== 'ignored').map((option) => {
    const names = [option.letter && `-${option.letter}`, option.long && `--${option.long}`]
      .filter(Boolean)
      .join(', ')
    const argument = option.takes === 'required' ? ' ARG' : option.takes === 'attached' ? '[ARG]' : ''
    return `  ${(names + argument).padEnd(28)}${option.doc}`
  })
  return `Usage: ${program} [option ...] [recipient ...] < message\n\n${rows.join('\n')}\n`
}
