/**
 * Every option of mq-sendmail, as one table: what it takes and what it does. `ignored` options are accepted
 * because callers of sendmail give them and their absence changes nothing here; `refused` ones are known for what
 * follows them. The man page lists them all. What is in no row is an error, never a recipient.
 */
import type { Grammar } from '../getopt.ts'
import { HANDLING_OPTIONS } from '../handling-options.ts'
import { helpLines, rowOf, tableGrammar } from '../option-table.ts'
import { MSMTP_OPTIONS } from './msmtp-options.ts'
import type { SendmailOption } from './option.ts'

/** The options of sendmail that do something here. */
const SENDMAIL: readonly SendmailOption[] = [
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
    letter: 'O',
    takes: 'required',
    effect: 'set-option',
    doc: 'IgnoreDots=true: as -i; DeliveryMode=q: as -odq; all others are ignored',
  },
  {
    letter: 'b',
    takes: 'required',
    effect: 'mode',
    doc: 'm: send (the default); s: SMTP on standard input and output; p: list the queue; i: check the aliases; v: check recipients; q: queue only; V: version',
  },
  { letter: 'I', takes: 'none', effect: 'check-aliases', doc: 'the same as -bi' },
  {
    letter: 'q',
    takes: 'attached',
    effect: 'queue-run',
    doc: 'run the queue once, ignoring the schedule; Itext, Rtext, Stext: only ids, recipients, senders with it',
  },
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
    letter: 'L',
    takes: 'required',
    effect: 'log-name',
    doc: 'name of the program in the log of events',
  },
  {
    letter: 'X',
    long: 'logfile',
    takes: 'required',
    effect: 'setting',
    doc: 'file that gets the log of events; - or stderr: standard error',
    setting: { key: 'log', words: { '-': 'stderr' } },
  },
  {
    letter: 'B',
    takes: 'required',
    effect: 'body',
    doc: 'body type: 8BITMIME is passed on; else the message itself decides',
  },
  {
    letter: 'v',
    long: 'verbose',
    takes: 'none',
    effect: 'verbose',
    doc: 'say on standard error what became of the message',
  },
  {
    letter: 'd',
    long: 'debug',
    takes: 'attached',
    effect: 'debug',
    doc: 'as -v; 0.1: print the version',
  },
  {
    letter: 'C',
    long: 'config',
    also: ['file'],
    takes: 'required',
    effect: 'config',
    doc: 'configuration file',
  },
]

/** How the queue treats the message. */
const HANDLING: readonly SendmailOption[] = HANDLING_OPTIONS.map(({ long, sets, doc }) => ({
  long,
  takes: 'required',
  effect: 'handling',
  sets,
  doc,
}))

/** Accepted, because programs give them, and without effect. */
const IGNORED: readonly SendmailOption[] = [
  { letter: 'A', takes: 'required', effect: 'ignored', doc: 'which configuration of sendmail' },
  { letter: 'G', takes: 'none', effect: 'ignored', doc: 'gateway submission' },
  { letter: 'U', takes: 'none', effect: 'ignored', doc: 'initial submission' },
  { letter: 'c', takes: 'none', effect: 'ignored', doc: 'connect to expensive mailers' },
  { letter: 'e', takes: 'required', effect: 'ignored', doc: 'error mode: errors are told on standard error' },
  { letter: 'h', takes: 'required', effect: 'ignored', doc: 'hop count' },
  { letter: 'm', takes: 'none', effect: 'ignored', doc: 'me too' },
  { letter: 'p', takes: 'required', effect: 'ignored', doc: 'protocol received by' },
  { letter: 'x', takes: 'none', effect: 'ignored', doc: 'trace flag of other systems' },
]

/** Known, so that what follows is never taken for a recipient, and refused with what to do instead. */
const REFUSED: readonly SendmailOption[] = [
  {
    letter: 's',
    takes: 'required',
    effect: 'refused',
    doc: 'write the subject into the header of the message, or use mq-mail -s',
  },
  { letter: 'M', takes: 'required', effect: 'refused', doc: 'use mq-queue flush to try chosen messages' },
  { letter: 'Q', takes: 'attached', effect: 'refused', doc: 'use mq-queue hold to keep messages back' },
  { letter: 'E', takes: 'attached', effect: 'refused', doc: 'see --help for what there is' },
  { letter: 'J', takes: 'attached', effect: 'refused', doc: 'see --help for what there is' },
  { letter: 'D', takes: 'none', effect: 'refused', doc: 'use mq-run from cron to deliver queued mail' },
  {
    letter: 'T',
    takes: 'required',
    effect: 'refused',
    doc: 'set expire in the configuration',
  },
]

export const SENDMAIL_OPTIONS: readonly SendmailOption[] = [
  ...SENDMAIL,
  ...MSMTP_OPTIONS,
  ...HANDLING,
  ...IGNORED,
  ...REFUSED,
]

/** The grammar of the table. */
export function sendmailGrammar(): Grammar {
  return { ...tableGrammar(SENDMAIL_OPTIONS), permute: false, ends: ['--'] }
}

/** The row of an option as the parser names it. */
export function sendmailOption(name: string): SendmailOption | undefined {
  return rowOf(SENDMAIL_OPTIONS, name)
}

/** What stands behind the names of an option. */
function argumentText({ takes, long }: SendmailOption): string {
  if (takes === 'required') return ' ARG'
  if (takes === 'attached') return long === undefined ? '[ARG]' : '[=ARG]'
  return ''
}

/** The text of --help. */
export function sendmailHelp(program: string): string {
  const rows = helpLines([...SENDMAIL, ...MSMTP_OPTIONS, ...HANDLING], argumentText, 30)
  return `Usage: ${program} [option ...] [recipient ...] < message\n\n${rows}\n`
}
