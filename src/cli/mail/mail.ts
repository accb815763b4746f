/**
 * mq-mail: a drop-in for the sending half of mail(1). Composes a plain-text message from standard input and
 * hands it over as mq-sendmail does; the same exit codes, standard output stays empty.
 */
import { describeError } from '../../errors/errno.ts'
import { MailError } from '../../errors/mail-error.ts'
import { EX, type ExitCode } from '../../errors/sysexits.ts'
import { dedupe } from '../../message/address.ts'
import { BodyStore } from '../../message/body-store.ts'
import { composeMail } from '../../message/compose.ts'
import type { MessageContent } from '../../message/content.ts'
import { newMessageId } from '../../message/message-id.ts'
import { envelope, readRecipients, type RecipientList } from '../../message/recipients.ts'
import { splitContent } from '../../message/split-content.ts'
import { newCommand, parseCommand } from '../commander.ts'
import type { Terminal } from '../exit.ts'
import { handOver } from '../hand-over.ts'
import { resolveRecipients } from '../resolve-recipients.ts'
import { envelopeSender, type Sender } from '../sender.ts'
import { finishMessage } from '../sendmail/finish-message.ts'
import { setUp, spillDirectory, type Setup } from '../setup.ts'
import { ownDomain } from '../shown-addresses.ts'
import { standardInput } from '../standard-input.ts'

interface MailOptions {
  readonly subject?: string
  readonly fromAddress?: string
  readonly cc?: readonly string[]
  readonly bcc?: readonly string[]
  readonly append?: readonly string[]
  readonly skipEmpty?: true
  readonly config?: string
  readonly aliases?: string
  readonly verbose?: true
}

/** The body as it came; a large one stays on disk. */
async function readBody(setup: Setup): Promise<MessageContent> {
  const store = new BodyStore(spillDirectory(setup.config))
  try {
    for await (const chunk of standardInput()) await store.append(chunk)
    return await store.finish()
  } catch (error) {
    store.discard()
    if (error instanceof MailError) throw error
    throw new MailError(
      'INPUT_UNREADABLE',
      `cannot read the body from standard input: ${describeError(error)}; redirect it from a file or a pipe`,
      { cause: error },
    )
  }
}

type Header = readonly [name: string, value: string]

function parseHeader(text: string): Header {
  const field = /^([!-9;-~]+)[ \t]*:[ \t]*([^\r\n]*)$/.exec(text)
  if (field?.[1] === undefined) {
    throw new MailError(
      'USAGE',
      `-a takes a header such as "X-Name: value", and ${JSON.stringify(text)} is none`,
    )
  }
  return [field[1], field[2] ?? '']
}

/** Texts that name recipients, in the order To, Cc, Bcc: a header given with -a addresses them like its option. */
function addressTexts(
  operands: readonly string[],
  options: MailOptions,
  headers: readonly Header[],
): (readonly string[])[] {
  const given = { to: operands, cc: options.cc ?? [], bcc: options.bcc ?? [] }
  return Object.entries(given).map(([kind, texts]) => [
    ...texts,
    ...headers.filter(([name]) => name.toLowerCase() === kind).map(([, value]) => value),
  ])
}

const addresses = ([name]: Header): boolean => /^(?:to|b?cc)$/i.test(name)

/**
 * Resolves each kind of recipient for itself, so that the header shows the final addresses of that kind. What
 * there is to complain about, such as a bad line in the aliases file, is told once.
 */
async function resolved(setup: Setup, lists: readonly RecipientList[], options: MailOptions) {
  const told = new Set<string>()
  const complain = (line: string): void => {
    if (!told.has(line)) setup.terminal.complain(line)
    told.add(line)
  }
  const quieter = { ...setup, terminal: { ...setup.terminal, complain } }
  const results = []
  for (const list of lists) results.push(await resolveRecipients(quieter, list, { aliases: options.aliases }))
  return results
}

/** The mailbox for From, its name quoted and not encoded: composing reads it again and encodes it then. */
function author(setup: Setup, sender: Sender): string {
  if (sender.address === '') return `MAILER-DAEMON <MAILER-DAEMON@${ownDomain(setup.config)}>`
  const name = (sender.name ?? setup.caller.fullName).replace(/[\s\p{Cc}]+/gu, ' ').trim()
  return name === '' ? sender.address : `"${name.replace(/["\\]/g, '\\$&')}" <${sender.address}>`
}

/** The composed message with sender and header as configured; `shown` may be named in it. */
async function finished(
  setup: Setup,
  message: MessageContent,
  sender: Sender,
  shown: readonly string[],
): Promise<MessageContent> {
  const finishing = { sender, fullName: undefined, envelope: { sender: sender.address, recipients: shown } }
  return finishMessage(setup, await splitContent(message), finishing)
}

async function send(
  terminal: Terminal,
  operands: readonly string[],
  options: MailOptions,
): Promise<ExitCode> {
  const { config } = options
  const setup = await setUp(terminal, { config, verbose: options.verbose === true, handsIn: true })
  const headers = (options.append ?? []).map(parseHeader)
  const texts = addressTexts(operands, options, headers)
  if (texts.flat().length === 0) throw new MailError('NO_RECIPIENTS', 'no recipients; name them as operands')
  // An empty -r asks for the configured sender.
  const sender = envelopeSender(setup, options.fromAddress === '' ? undefined : options.fromAddress)
  const [to, cc, bcc] = await resolved(setup, texts.map(readRecipients), options)
  const kinds = [to, cc, bcc].filter((kind) => kind !== undefined)
  const exitCode = kinds.find((kind) => kind.exitCode !== EX.OK)?.exitCode ?? EX.OK
  const recipients = dedupe(kinds.flatMap((kind) => kind.recipients))
  if (recipients.length === 0 && (exitCode !== EX.OK || kinds.some((kind) => kind.dropped))) return exitCode
  const addressed = envelope(sender.address, recipients)
  const body = await readBody(setup)
  if (body.size === 0 && options.skipEmpty === true) return exitCode
  if (body.size === 0) terminal.complain('the message body is empty')
  const parts = {
    from: author(setup, sender),
    to: to?.recipients ?? [],
    cc: cc?.recipients ?? [],
    ...(options.subject === undefined ? {} : { subject: options.subject }),
    headers: headers.filter((header) => !addresses(header)),
    body,
    date: Date.now(),
    messageId: newMessageId(sender.address, ownDomain(setup.config)),
  }
  const message = await composeMail(parts, spillDirectory(setup.config))
  body.close()
  const shown = dedupe([to, cc].flatMap((kind) => kind?.recipients ?? []))
  const ready = { envelope: addressed, content: await finished(setup, message, sender, shown) }
  const result = await handOver(setup, ready, { verbose: options.verbose === true })
  return result === EX.OK ? exitCode : result
}

const collect = (value: string, previous: readonly string[] | undefined): readonly string[] => [
  ...(previous ?? []),
  value,
]

/** Runs mq-mail. */
export async function mail(terminal: Terminal): Promise<ExitCode> {
  let exitCode: ExitCode = EX.OK
  const command = newCommand(terminal, 'Sends a mail whose body is read from standard input.')
    .argument('[recipient...]', 'addresses, lists of addresses, or names of /etc/aliases')
    .option('-s, --subject <text>', 'subject')
    .option('-r, --from-address <address>', 'sender, in the From header and the envelope')
    .option('-c, --cc <address>', 'recipient of a copy; may be given again', collect)
    .option('-b, --bcc <address>', 'recipient who is not named in the message; may be given again', collect)
    .option('-a, --append <header>', 'header to add, such as "X-Name: value"; may be given again', collect)
    .option('-E, --skip-empty', 'send nothing when the body is empty')
    .option('-C, --config <file>', 'configuration file')
    .option('--aliases <file>', 'aliases file instead of the configured one')
    .option('-v, --verbose', 'say on standard error what became of the message')
    .action(async (operands: string[], options: MailOptions) => {
      exitCode = await send(terminal, operands, options)
    })
  await parseCommand(command, terminal)
  return exitCode
}
