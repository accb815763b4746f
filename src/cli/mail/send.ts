/**
 * Makes a mail of what the call names and hands it over. What is wrong with the call is told before standard input is
 * read, and nothing is sent then; a recipient that cannot be used does not stop the others.
 */
import { MailError } from '../../errors/mail-error.ts'
import { EX, type ExitCode } from '../../errors/sysexits.ts'
import { bufferContent, type MessageContent } from '../../message/content.ts'
import { composeMail } from '../../message/compose.ts'
import { newMessageId } from '../../message/message-id.ts'
import { envelope } from '../../message/recipients.ts'
import { splitContent } from '../../message/split-content.ts'
import { finishMessage } from '../sendmail/finish-message.ts'
import { spillDirectory, type Setup } from '../setup.ts'
import { ownDomain } from '../shown-addresses.ts'
import { KINDS, mailboxText, resolveAddressees, type Addressees, type ByKind } from './addressees.ts'
import { attachmentsOf, checkAttachments } from './attachments.ts'
import { authorOf, type Author } from './author.ts'
import type { MailCall, NamedRecipients } from './call.ts'
import { circumstancesOf, fallbackCharset, replyTo, type Circumstances } from './circumstances.ts'
import { deliverMail, showMail } from './deliver.ts'
import { sortHeaders, templateHeaders, withHeader, type SortedHeaders } from './header-lines.ts'
import { checkInput, readInput, readWhole, type MailInput } from './input.ts'
import { readMailboxes, type MailboxList } from './recipients.ts'
import { askForMail, isTyped } from './typed-mail.ts'

type Mailboxes = ByKind<MailboxList>

/** A mail as far as it is known before it is composed. */
interface Draft {
  readonly call: MailCall
  readonly circumstances: Circumstances
  readonly subject: string | undefined
  /** Fields that are about neither recipients nor sender nor subject. */
  readonly headers: SortedHeaders['others']
  readonly input: MailInput
}

/** The lists that name recipients, of all that has been read so far. */
function allRecipients(call: MailCall, ...sorted: readonly SortedHeaders[]): NamedRecipients {
  const of = (kind: (typeof KINDS)[number]): string[] => [
    ...call.recipients[kind],
    ...sorted.flatMap(({ recipients }) => recipients[kind]),
  ]
  return { to: of('to'), cc: of('cc'), bcc: of('bcc') }
}

function readAll({ to, cc, bcc }: NamedRecipients, { aliases }: Circumstances): Mailboxes {
  const read = (texts: readonly string[]): MailboxList => readMailboxes(texts, aliases)
  return { to: read(to), cc: read(cc), bcc: read(bcc) }
}

/** All mail programs refuse copies without a recipient; only a template may do with them. */
function demandRecipients(named: Mailboxes, isTemplate: boolean): void {
  const counts = (isTemplate ? KINDS : (['to'] as const)).map(
    (kind) => named[kind].mailboxes.length + named[kind].problems.length,
  )
  if (counts.some((count) => count > 0)) return
  throw new MailError(
    'NO_RECIPIENTS',
    isTemplate
      ? 'no recipients; name them in To, Cc or Bcc, or as operands'
      : 'no recipients; name them as operands (mq-mail can send only, it reads no mail)',
  )
}

async function composed(
  setup: Setup,
  draft: Draft,
  author: Author,
  { to, cc }: Addressees,
): Promise<MessageContent> {
  const { call, circumstances, input, subject } = draft
  const { alternative, bodyType } = call
  return composeMail(
    {
      from: author.from,
      to: to.map(mailboxText),
      cc: cc.map(mailboxText),
      ...(subject === undefined ? {} : { subject }),
      headers: withHeader(draft.headers, 'Reply-To', replyTo(setup, circumstances)),
      body: input.body,
      ...(bodyType === undefined ? {} : { bodyType }),
      ...(alternative === undefined
        ? {}
        : {
            alternative: {
              type: 'text/html',
              body: await readWhole(alternative, spillDirectory(setup.config)),
            },
          }),
      attachments: attachmentsOf(call.attachments, input.attached),
      fallbackCharset: fallbackCharset(setup, circumstances),
      date: Date.now(),
      messageId: newMessageId(author.sender.address, ownDomain(setup.config)),
    },
    spillDirectory(setup.config),
  )
}

/** The message with sender and header as configured. */
async function finished(
  setup: Setup,
  message: MessageContent,
  { sender }: Author,
  { to, cc }: Addressees,
): Promise<MessageContent> {
  const recipients = [...to, ...cc].map(({ address }) => address)
  const finishing = { sender, fullName: undefined, envelope: { sender: sender.address, recipients } }
  return finishMessage(setup, await splitContent(message), finishing)
}

/** Composes and delivers to whoever can be reached. */
async function sendDraft(setup: Setup, draft: Draft, author: Author, named: Mailboxes): Promise<ExitCode> {
  const { call, circumstances, input } = draft
  const addressees = await resolveAddressees(setup, named, circumstances)
  const { exitCode, dropped } = addressees
  const recipients = KINDS.flatMap((kind) => addressees[kind].map(({ address }) => address))
  if (recipients.length === 0 && (exitCode !== EX.OK || dropped)) return exitCode
  const addressed = envelope(author.sender.address, recipients, call.tail.reports)
  if (input.body.size === 0 && call.attachments.length === 0) {
    setup.terminal.complain('the message body is empty')
  }
  const message = await composed(setup, draft, author, addressees)
  const ready = { envelope: addressed, content: await finished(setup, message, author, addressees) }
  if (call.mode === 'dry-run') {
    await showMail(setup, ready)
    ready.content.close()
    return exitCode
  }
  const result = await deliverMail(setup, circumstances, ready, call.verbose)
  return result === EX.OK ? exitCode : result
}

/** Sends what the call is about. */
export async function sendMail(setup: Setup, call: MailCall): Promise<ExitCode> {
  const circumstances = circumstancesOf(setup, call)
  const lookUp = { expand: circumstances.expand, personal: circumstances.aliases }
  const own = sortHeaders(call.headers)
  checkAttachments(call.attachments)
  checkInput(call)
  let named = readAll(allRecipients(call, own), circumstances)
  if (!call.template) demandRecipients(named, false)
  let author = await authorOf(setup, call, circumstances, lookUp, own.from)
  let subject = call.subject ?? own.subject
  let text: MessageContent | undefined
  if (isTyped(call)) {
    const typed = await askForMail(setup, call, circumstances, allRecipients(call, own), subject)
    if (typed === 'abandoned') return EX.TEMPFAIL
    named = readAll({ to: [...typed.to], cc: [...typed.cc], bcc: [...typed.bcc] }, circumstances)
    subject = typed.subject
    text = bufferContent(typed.body)
  } else if (call.tildes) {
    setup.terminal.complain('lines that begin with ~ are text: they are obeyed only where they are typed')
  }
  const input = await readInput(setup, call, text)
  try {
    const template = sortHeaders(input.header === undefined ? [] : templateHeaders(input.header))
    if (call.template) {
      named = readAll(allRecipients(call, own, template), circumstances)
      demandRecipients(named, true)
      subject = template.subject ?? subject
      if (template.from !== undefined) {
        author = await authorOf(setup, call, circumstances, lookUp, template.from)
      }
    }
    if (call.skipEmpty && input.body.size === 0 && call.attachments.length === 0) return EX.OK
    const headers = [...own.others, ...template.others]
    return await sendDraft(setup, { call, circumstances, subject, headers, input }, author, named)
  } finally {
    input.body.close()
    input.attached?.close()
  }
}
