/**
 * Every option of mq-mail, as one table: what it takes and what it does. It has the letters of bsd-mailx, s-nail,
 * heirloom mailx and GNU mailutils. `ignored` options are accepted because their absence changes nothing here;
 * `refused` ones belong to reading mail, or to programs that are not run. What is in no row is an error, never a
 * recipient.
 */
import type { Grammar } from '../getopt.ts'
import { HANDLING_OPTIONS } from '../handling-options.ts'
import { helpLines, rowOf, tableGrammar } from '../option-table.ts'
import { MAILUTILS_OPTIONS } from './mailutils-options.ts'
import type { Dialect, MailOption } from './option.ts'
import { isMailrcCommand, isMediaType, isQuotable } from './words.ts'

/** The letters that do something, with the long names that mean the same. */
const LETTERS: readonly MailOption[] = [
  {
    letter: 's',
    long: 'subject',
    takes: 'required',
    argument: 'text',
    effect: 'subject',
    doc: 'subject; the last one counts',
  },
  {
    letter: 'r',
    long: 'from-address',
    also: ['return-address'],
    takes: 'required',
    argument: 'address',
    effect: 'from',
    doc: 'sender, in the From header and the envelope; empty for the configured one',
  },
  {
    letter: 'c',
    long: 'cc',
    takes: 'required',
    argument: 'address',
    effect: 'cc',
    doc: 'recipient of a copy; may be given again',
  },
  {
    letter: 'b',
    long: 'bcc',
    takes: 'required',
    argument: 'address',
    effect: 'bcc',
    doc: 'recipient who is not named in the message; may be given again',
  },
  {
    letter: 'a',
    takes: 'required',
    argument: 'header|file',
    effect: 'header-or-file',
    doc: 'header to add, such as "X-Name: value", or file to attach; may be given again',
  },
  {
    letter: 'A',
    takes: 'required',
    argument: 'file|account',
    effect: 'account-or-file',
    doc: 'file to attach, or else account of the configuration',
  },
  {
    letter: 'E',
    takes: isMailrcCommand,
    takesIn: { bsd: 'none', 's-nail': 'none', mailutils: 'required' },
    argument: 'command',
    effect: 'skip-empty',
    doc: 'send nothing when the body is empty; with a command such as "set escape": obey it',
  },
  {
    letter: 't',
    takes: 'none',
    effect: 'template',
    doc: 'standard input begins with a header: take recipients and all else from it',
  },
  {
    letter: 'q',
    takes: isQuotable,
    takesIn: { bsd: 'none', 's-nail': 'required', mailutils: 'none' },
    argument: 'file',
    effect: 'quote',
    doc: 'file to put in front of the body; without a file it has no effect',
  },
  {
    letter: 'm',
    takes: 'required',
    argument: 'file',
    effect: 'body-file',
    doc: 'file that is the body, instead of standard input; the end of its name says its type',
  },
  {
    letter: 'M',
    takes: isMediaType,
    takesIn: { bsd: 'none', 's-nail': 'required', mailutils: 'none' },
    argument: 'type',
    effect: 'body-type',
    doc: 'media type of the body, such as text/html; without a type it has no effect',
  },
  {
    letter: 'C',
    takes: 'required',
    argument: 'file|header',
    effect: 'config-or-header',
    doc: 'configuration file; or a header to add, such as "X-Name: value"',
  },
  {
    letter: 'S',
    takes: 'required',
    argument: 'name[=value]',
    effect: 'set-variable',
    doc: 'set a variable of s-nail; from, sender, replyto, record, save and a few more are obeyed',
  },
  {
    letter: 'T',
    takes: 'required',
    argument: 'field: address',
    effect: 'target',
    doc: 'recipient of the kind that is named: to, cc or bcc',
  },
  { letter: 'n', long: 'norc', takes: 'none', effect: 'no-system-rc', doc: 'do not read /etc/mail.rc' },
  {
    letter: ':',
    takes: 'required',
    argument: 'spec',
    effect: 'rc-spec',
    doc: 'which mailrc files to read: s for the one of the system, u for that of the user, / for none',
  },
  {
    letter: '~',
    takes: 'none',
    effect: 'tildes',
    doc: 'obey lines that begin with ~; they are obeyed only where they are typed, which is said',
  },
  {
    letter: 'i',
    long: 'ignore',
    takes: 'none',
    effect: 'ignore-interrupts',
    doc: 'an interrupt does not break off what is typed',
  },
  { letter: 'I', takes: 'none', effect: 'tildes', doc: 'the same as -~' },
  {
    letter: 'd',
    long: 'dry-run',
    takes: 'none',
    effect: 'dry-run',
    doc: 'print envelope and message, and send nothing',
  },
  {
    letter: 'v',
    long: 'verbose',
    takes: 'none',
    effect: 'verbose',
    doc: 'say on standard error what became of the message',
  },
  { letter: 'h', long: 'help', takes: 'none', effect: 'help', doc: 'print this text' },
  { letter: '?', takes: 'none', effect: 'help', doc: 'the same as -h' },
  { letter: 'V', long: 'version', takes: 'none', effect: 'version', doc: 'print the version' },
]

/** How the queue treats the mail. */
const HANDLING: readonly MailOption[] = HANDLING_OPTIONS.map((option) => ({
  ...option,
  takes: 'required',
  effect: 'handling',
}))

/** Accepted, because callers give them, and without effect. */
const IGNORED: readonly MailOption[] = [
  { letter: 'N', long: 'nosum', takes: 'none', effect: 'ignored', doc: 'show no summary of headers' },
  { letter: 'F', takes: 'none', effect: 'ignored', doc: 'keep a copy in a file named like the recipient' },
  { long: 'mime', takes: 'none', effect: 'ignored', doc: 'make a MIME message, which is always done' },
  { letter: 'B', takes: 'none', effect: 'ignored', doc: 'standard output line by line' },
  { letter: 'D', takes: 'none', effect: 'ignored', doc: 'disconnected mode' },
]

/** Known, and refused with what to do instead. */
const REFUSED: readonly MailOption[] = [
  { letter: 'f', takes: 'attached', effect: 'refused', doc: 'it reads a mailbox; use -r for the sender' },
  {
    letter: 'u',
    takes: 'attached',
    effect: 'refused',
    doc: 'it reads the mailbox of a user; name recipients as operands',
  },
  {
    letter: 'e',
    takes: 'attached',
    effect: 'refused',
    doc: 'it looks for mail; use -E to send nothing when the body is empty',
  },
  {
    letter: 'H',
    takes: 'attached',
    effect: 'refused',
    doc: 'it lists a mailbox; use mq-queue list for queued mail',
  },
  {
    letter: 'L',
    takes: 'attached',
    effect: 'refused',
    doc: 'it lists a mailbox; use mq-queue list for queued mail',
  },
  {
    letter: 'p',
    takes: 'attached',
    effect: 'refused',
    doc: 'it prints a mailbox; use -d to see what would be sent',
  },
  {
    letter: 'R',
    takes: 'attached',
    effect: 'refused',
    doc: "it reads a mailbox; use -a 'Reply-To: address' for replies",
  },
  { letter: 'X', takes: 'attached', effect: 'refused', doc: 'it runs commands; use -S for variables' },
  { letter: 'Y', takes: 'attached', effect: 'refused', doc: 'it runs commands; use -S for variables' },
  {
    letter: '#',
    takes: 'attached',
    effect: 'refused',
    doc: 'it runs commands in a batch; use -t for a complete message',
  },
  {
    long: 'attach-fd',
    takes: 'attached',
    effect: 'refused',
    doc: 'use --attach=/dev/fd/N, or --attach=- for standard input',
  },
]

export const MAIL_OPTIONS: readonly MailOption[] = [
  ...LETTERS,
  ...MAILUTILS_OPTIONS,
  ...HANDLING,
  ...IGNORED,
  ...REFUSED,
]

/** The grammar of the table, as a dialect has it. */
export function mailGrammar(dialect: Dialect): Grammar {
  const names = tableGrammar(MAIL_OPTIONS, ({ takes, takesIn }) => takesIn?.[dialect] ?? takes)
  return { ...names, permute: true, ends: ['--', '-.'] }
}

/** The row of an option as the parser names it. */
export function mailOption(name: string): MailOption | undefined {
  return rowOf(MAIL_OPTIONS, name)
}

/** What stands behind the names of an option. */
function argumentText({ takes, long, argument = 'text' }: MailOption): string {
  if (takes === 'none') return ''
  if (takes === 'required') return ` <${argument}>`
  return long === undefined ? ` [${argument}]` : `[=${argument}]`
}

/** The text of --help. */
export function mailHelp(program: string): string {
  const rows = helpLines([...LETTERS, ...MAILUTILS_OPTIONS, ...HANDLING], argumentText, 34)
  const usage = `Usage: ${program} [options] [recipient...]`
  return `${usage}\n\nSends a mail whose body is read from standard input.\n\nOptions:\n${rows}\n`
}
