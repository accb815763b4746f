/**
 * The command line of mq-mail in terms of what is to be done. Nothing is read or sent before the whole line is
 * understood; files are only looked for where their presence says what a word means.
 */
import { MailError } from '../../errors/mail-error.ts'
import { quoteForMessage } from '../../message/address/address.ts'
import { checkedType } from '../../message/compose/content-type.ts'
import type { Handling } from '../../queue/store.ts'
import { systemClock } from '../../util/clock.ts'
import { knownOptions, parseArguments, usage } from '../getopt.ts'
import { readHandling, type HandlingWords } from '../handling-options.ts'
import {
  fileNamed,
  type FileOptions,
  inputNamed,
  type NamedAttachment,
  newFileOptions,
  nextFile,
  noMoreFiles,
  setType,
} from './file-options.ts'
import type { Dialect, MailEffect, MailOption } from './option.ts'
import { mailGrammar, mailOption } from './options.ts'
import { readTail, type SendmailTail } from './sendmail-tail.ts'
import type { ByKind } from './recipient-kinds.ts'
import { assignmentsOf } from './set-variables.ts'
import { asHeader, headerNotFile, isMailrcCommand, isReadableFile, oneLine, type Header } from './words.ts'

/** Address lists as they were given, by the header field that shows them. */
export type NamedRecipients = ByKind<string[]>

/** One call of the command. */
export interface MailCall {
  mode: 'send' | 'dry-run' | 'help' | 'version'
  config: string | undefined
  aliases: string | undefined
  account: string | undefined
  verbose: boolean
  subject: string | undefined
  /** As `-r` gave it; an empty one asks for the configured sender. */
  from: string | undefined
  recipients: NamedRecipients
  /** Fields to add, in order; those that name recipients or the sender are among them. */
  headers: Header[]
  files: FileOptions
  attachments: NamedAttachment[]
  /** Files in front of the body; `-` is standard input. */
  quoted: string[]
  /** The file that is the body; `-` or undefined for standard input. */
  bodyFile: string | undefined
  bodyType: string | undefined
  /** File with the body as HTML; `-` is standard input. */
  alternative: string | undefined
  skipEmpty: boolean
  /** Standard input begins with a header. */
  template: boolean
  /** Somebody expects lines with ~ to be obeyed. */
  tildes: boolean
  /** Which mailrc files are read. */
  mailrc: 'all' | 'user' | 'none'
  /** Variables that are set, in the words of `set`: `name`, `noname`, `name=value`. */
  assignments: string[]
  /** ^C does not break off what is typed. */
  ignoreInterrupts: boolean
  /** The options about the queue as they were given, and what they mean. */
  handlingWords: HandlingWords
  handling: Handling
  tail: SendmailTail
}

function newCall(operands: readonly string[], tail: SendmailTail): MailCall {
  return {
    mode: 'send',
    config: undefined,
    aliases: undefined,
    account: undefined,
    verbose: false,
    subject: undefined,
    from: undefined,
    recipients: { to: [...operands, ...tail.recipients], cc: [], bcc: [] },
    headers: [],
    files: newFileOptions(),
    attachments: [],
    quoted: [],
    bodyFile: undefined,
    bodyType: undefined,
    alternative: undefined,
    skipEmpty: false,
    template: false,
    tildes: false,
    mailrc: 'all',
    assignments: [],
    ignoreInterrupts: false,
    handlingWords: {},
    handling: {},
    tail,
  }
}

type Apply = (call: MailCall, value: string, option: MailOption, dialect: Dialect) => void

function mediaType(value: string): string {
  try {
    return checkedType(oneLine(value))
  } catch (error) {
    if (!(error instanceof MailError)) throw error
    throw usage(error.publicMessage)
  }
}

function attach(call: MailCall, path: string): void {
  call.attachments.push(nextFile(call.files, path))
}

/** In bsd-mailx and mailutils `-a` is a header whatever it looks like, in s-nail a file. */
function addHeaderOrFile(call: MailCall, value: string, _: MailOption, dialect: Dialect): void {
  const isFile = dialect === 's-nail'
  const header = dialect === 'auto' ? headerNotFile(value) : isFile ? undefined : asHeader(value)
  if (header !== undefined) call.headers.push(header)
  else if (dialect === 'auto' || isFile) attach(call, value)
  else throw usage(`-a takes a header such as "X-Name: value", and ${quoteForMessage(value)} is none`)
}

/** What is neither a file nor the name of an account is a file that is missing. */
function setAccountOrFile(call: MailCall, value: string, _: MailOption, dialect: Dialect): void {
  const isFile = value === '-' || isReadableFile(value) || !/^[\w-]+$/.test(value)
  if (dialect === 'mailutils' || (dialect !== 's-nail' && isFile)) attach(call, value)
  else call.account = value
}

function setConfigOrHeader(call: MailCall, value: string): void {
  const header = /^[^\s:/]+:[ \t]/.test(value) ? asHeader(value) : undefined
  if (header === undefined) call.config = value
  else call.headers.push(header)
}

function addTarget(call: MailCall, value: string): void {
  const [name = '', text = ''] = asHeader(value) ?? []
  const kind = name.toLowerCase()
  if (kind !== 'to' && kind !== 'cc' && kind !== 'bcc') {
    throw usage(`-T takes to, cc or bcc and an address, such as "cc: ann", and not ${quoteForMessage(value)}`)
  }
  call.recipients[kind].push(text)
}

function execute(call: MailCall, command: string): void {
  if (!isMailrcCommand(command)) {
    throw usage(`-E takes a command such as "set escape", and ${quoteForMessage(command)} is none`)
  }
  call.assignments.push(...assignmentsOf(command))
}

const RC_SPECS: readonly (readonly [RegExp, MailCall['mailrc']])[] = [
  [/^[/-]/, 'none'],
  [/s/, 'all'],
  [/u/, 'user'],
]

function setMailrc(call: MailCall, spec: string): void {
  const found = RC_SPECS.find(([pattern]) => pattern.test(spec))?.[1]
  if (found === undefined) throw usage(`-: takes s, u or /, and not ${quoteForMessage(spec)}`)
  call.mailrc = found
}

const EFFECTS: Readonly<Record<MailEffect, Apply>> = {
  'account-or-file': setAccountOrFile,
  aliases: (call, value) => (call.aliases = value),
  alternative: (call, value) => (call.alternative = inputNamed(value, 'file with the alternative')),
  attach,
  bcc: (call, value) => call.recipients.bcc.push(value),
  'body-file': (call, value) => (call.bodyFile = inputNamed(value, 'file with the body')),
  'body-type': (call, value) => {
    if (value !== '') call.bodyType = mediaType(value)
  },
  cc: (call, value) => call.recipients.cc.push(value),
  config: (call, value) => (call.config = value),
  'config-or-header': setConfigOrHeader,
  'content-name': (call, value) => (call.files.name = oneLine(value)),
  'content-type': (call, value) => setType(call.files, mediaType(value)),
  'dry-run': (call) => (call.mode = 'dry-run'),
  encoding: (call, value) => {
    const encoding = value.toLowerCase()
    if (encoding !== 'base64' && encoding !== 'quoted-printable') {
      throw usage(`--encoding takes base64 or quoted-printable, and not ${quoteForMessage(value)}`)
    }
    call.files.encoding = encoding
  },
  exec: execute,
  from: (call, value) => (call.from = value),
  handling: (call, value, { sets }) => {
    if (sets !== undefined) call.handlingWords[sets] = value
  },
  'header-or-file': addHeaderOrFile,
  help: (call) => (call.mode = 'help'),
  'ignore-interrupts': (call) => (call.ignoreInterrupts = true),
  ignored: () => undefined,
  'keep-empty-attachments': (call) => (call.files.skipEmpty = false),
  'no-system-rc': (call) => {
    if (call.mailrc === 'all') call.mailrc = 'user'
  },
  quote: (call, value) => {
    if (value !== '') call.quoted.push(fileNamed(value))
  },
  'rc-spec': setMailrc,
  refused: (_, __, { letter, long, doc }) => {
    throw new MailError(
      'USAGE',
      `${letter === undefined ? `--${long ?? ''}` : `-${letter}`} is not here, mq-mail can send only: ${doc}`,
    )
  },
  'set-variable': (call, value) => call.assignments.push(value),
  'skip-empty': (call, value) => {
    if (value === '') call.skipEmpty = true
    else execute(call, value)
  },
  'skip-empty-attachments': (call) => (call.files.skipEmpty = true),
  subject: (call, value) => (call.subject = value),
  target: addTarget,
  template: (call) => (call.template = true),
  tildes: (call) => (call.tildes = true),
  verbose: (call) => (call.verbose = true),
  version: (call) => (call.mode = 'version'),
}

/** The options that count before the configuration is read. */
const EARLY: ReadonlySet<MailEffect> = new Set<MailEffect>([
  'config',
  'config-or-header',
  'help',
  'set-variable',
  'verbose',
  'version',
])

/**
 * Reads of the command line what has to be known before the configuration, which says in which dialect the rest is
 * written. What is wrong in it is found when the whole is read. Never fails.
 */
export function parseEarly(
  args: readonly string[],
): Pick<MailCall, 'mode' | 'config' | 'verbose' | 'assignments'> {
  const call = newCall([], { recipients: [] })
  for (const { name, value = '' } of knownOptions(args, mailGrammar('auto'))) {
    const option = mailOption(name)
    const effect = option?.effect ?? 'ignored'
    const isCommand = (effect === 'exec' || effect === 'skip-empty') && isMailrcCommand(value)
    if (option !== undefined && (EARLY.has(effect) || isCommand)) EFFECTS[effect](call, value, option, 'auto')
  }
  return call
}

/**
 * Reads the command line.
 *
 * @param dialect decides what `auto` leaves to the shape of the words
 * @throws MailError USAGE
 */
export function parseMailCall(args: readonly string[], dialect: Dialect): MailCall {
  const parsed = parseArguments(args, mailGrammar(dialect))
  const call = newCall(parsed.operands, readTail(parsed, dialect))
  for (const { name, value } of parsed.options) {
    const option = mailOption(name)
    if (option !== undefined) EFFECTS[option.effect](call, value ?? '', option, dialect)
  }
  call.handling = readHandling(call.handlingWords, systemClock.now())
  const unused = noMoreFiles(call.files)
  call.bodyType ??= unused.type
  if (unused.name !== undefined) throw usage('--content-name stands before the --attach that it is about')
  refuseMixture(call)
  return call
}

/** How often an option names standard input: quoted, as the body or its alternative, attached. */
export function standardInputUses({ quoted, bodyFile, alternative, attachments }: MailCall): number {
  const named = [...quoted, bodyFile, alternative, ...attachments.map(({ path }) => path)]
  return named.filter((path) => path === '-').length
}

function refuseMixture(call: MailCall): void {
  const uses = standardInputUses(call)
  if (uses > 1) throw usage('standard input can be read once only')
  if (call.template && (uses > 0 || call.bodyFile !== undefined)) {
    throw usage('-t reads standard input, and nothing else can take its place')
  }
  if (call.attachments.some(({ path, name }) => path === '-' && name === undefined)) {
    throw usage('standard input has no name to be attached with; put --content-name before it')
  }
}
