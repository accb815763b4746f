/**
 * Makes a mail of what the call names and hands it over. What is wrong with the call is told before standard input is
 * read, and nothing is read or sent then; a recipient that cannot be used does not stop the others.
 * From the first byte that is read, a mail that nobody takes is kept. Only a signal while standard input is still open ends
 * the call at once: the writer of the mail is there and sees it.
 */
import { MailError } from '../../errors/mail-error.ts'
import { EX, type ExitCode } from '../../errors/sysexits.ts'
import { bufferContent, joinContent, type MessageContent } from '../../message/content.ts'
import { composeMail } from '../../message/compose/compose.ts'
import { newMessageId } from '../../message/message-id.ts'
import { envelope } from '../../message/recipients.ts'
import { splitContent } from '../../message/split-content.ts'
import { mailDomain } from '../../util/mail-domain.ts'
import type { ReadyMessage } from '../hand-over.ts'
import { finishMessage } from '../sendmail/finish-message.ts'
import { spillDirectory, type Setup } from '../setup.ts'
import { ownDomain } from '../shown-addresses.ts'
import { mailboxText, resolveAddressees, type Addressees, type LookUp } from './addressees.ts'
import { attachmentsOf, checkAttachments } from './attachments.ts'
import { authorOf, type Author } from './author.ts'
import { bodyTypeOf } from './body-type.ts'
import type { MailCall, NamedRecipients } from './call.ts'
import {
  circumstancesOf,
  fallbackCharset,
  replyTo,
  textEncoding,
  type Circumstances,
} from './circumstances.ts'
import { deliverMail, showMail } from './deliver.ts'
import { checkHeaders, sortHeaders, templateHeaders, withHeader, type SortedHeaders } from './header-lines.ts'
import { checkInput, readInput, type MailInput } from './input.ts'
import { knownNames } from './known-names.ts'
import { draft as draftOf } from './letter.ts'
import { KINDS, type ByKind, type RecipientKind } from './recipient-kinds.ts'
import { readMailboxes, type MailboxList } from './recipients.ts'
import { askForMail, isTyped } from './typed-mail.ts'
import { guarded, type Unsent } from './unsent.ts'

type Mailboxes = ByKind<MailboxList>

/** What is known before anything is read. */
interface Plan {
  readonly call: MailCall
  readonly circumstances: Circumstances
  /** Fields of the command line. */
  readonly own: SortedHeaders
  /** Recipients of the command line. */
  readonly given: NamedRecipients
  readonly subject: string | undefined
  readonly author: Author
  /** Left out for a template, whose header names recipients too. */
  readonly addressees?: Addressees
}

/** A mail as far as it is known before it is composed. */
interface Draft extends Plan {
  readonly addressees: Addressees
  /** Fields that are about neither recipients nor sender nor subject. */
  readonly headers: SortedHeaders['others']
  readonly input: MailInput
}

/** The lists that name recipients, of all that has been read so far. */
function allRecipients(call: MailCall, ...sorted: readonly SortedHeaders[]): NamedRecipients {
  const of = (kind: RecipientKind): string[] => [
    ...call.recipients[kind],
    ...sorted.flatMap(({ recipients }) => recipients[kind]),
  ]
  return { to: of('to'), cc: of('cc'), bcc: of('bcc') }
}

async function readAll(
  { config }: Setup,
  { to, cc, bcc }: NamedRecipients,
  { aliases, expand }: Circumstances,
): Promise<Mailboxes> {
  const sources = { aliases, expand, domain: mailDomain(config.qualifyDomain) }
  const known = await knownNames([...to, ...cc, ...bcc], sources)
  const read = (texts: readonly string[]): MailboxList => readMailboxes(texts, aliases, known)
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

async function composed(setup: Setup, draft: Draft): Promise<MessageContent> {
  const { call, circumstances, input, subject, author } = draft
  const { to, cc } = draft.addressees
  const { alternative } = input
  const bodyType = await bodyTypeOf(call)
  return composeMail(
    {
      from: author.from,
      to: to.map(mailboxText),
      cc: cc.map(mailboxText),
      ...(subject === undefined ? {} : { subject }),
      headers: withHeader(
        withHeader(draft.headers, 'Sender', author.agent),
        'Reply-To',
        replyTo(setup, circumstances),
      ),
      body: input.body,
      ...(bodyType === undefined ? {} : { bodyType }),
      ...(alternative === undefined ? {} : { alternative: { type: 'text/html', body: alternative } }),
      attachments: attachmentsOf(call.attachments, input.attached),
      fallbackCharset: fallbackCharset(setup, circumstances),
      textEncoding: textEncoding(circumstances),
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
  { author: { sender }, addressees: { to, cc } }: Draft,
): Promise<MessageContent> {
  const recipients = [...to, ...cc].map(({ address }) => address)
  const finishing = { sender, fullName: undefined, envelope: { sender: sender.address, recipients } }
  return finishMessage(setup, await splitContent(message), finishing)
}

const recipientsOf = (addressees: Addressees): string[] =>
  KINDS.flatMap((kind) => addressees[kind].map(({ address }) => address))

/** True when there is nothing in the mail but fields. */
function isEmpty({ call, input }: Draft): boolean {
  const { body, alternative, attached } = input
  const isTextless = body.size === 0 && (alternative?.size ?? 0) === 0
  return isTextless && attachmentsOf(call.attachments, attached).length === 0
}

/** A message as it is kept for its writer: those of Bcc are named, for nothing else says who they are. */
function letterToKeep(message: MessageContent, { addressees: { bcc } }: Draft): MessageContent {
  const addresses = bcc.map(({ address }) => address).join(',\r\n ')
  return addresses === '' ? message : joinContent(Buffer.from(`Bcc: ${addresses}\r\n`), message)
}

/** Composes and delivers to whoever can be reached. */
async function sendDraft(setup: Setup, draft: Draft, unsent: Unsent): Promise<ExitCode> {
  const { call, circumstances, addressees, author } = draft
  const { exitCode, dropped } = addressees
  const recipients = recipientsOf(addressees)
  if (recipients.length === 0 && dropped) return exitCode
  if (recipients.length === 0 && exitCode !== EX.OK) {
    const remains = await unsent.keep()
    if (remains !== undefined) setup.terminal.complain(`the mail goes to nobody; ${remains}`)
    return exitCode
  }
  const addressed = envelope(author.sender.address, recipients, call.tail.reports)
  if (isEmpty(draft)) setup.terminal.complain('the message body is empty')
  const message = await composed(setup, draft)
  unsent.holdMessage(letterToKeep(message, draft), author.sender.address)
  const ready: ReadyMessage = {
    envelope: addressed,
    content: await finished(setup, message, draft),
    contentOver: async (config, { sender: address }) => {
      const { sender } = author
      const over = sender.address === address ? sender : { address, name: undefined }
      const lent = { ...message, stream: () => message.stream(), close: () => undefined }
      return finished({ ...setup, config }, lent, { ...draft, author: { ...author, sender: over } })
    },
  }
  unsent.holdMessage(letterToKeep(ready.content, draft), author.sender.address)
  if (call.mode === 'dry-run') {
    await showMail(setup, ready)
    return exitCode
  }
  const result = await deliverMail(setup, circumstances, ready, unsent, call)
  return result === EX.OK ? exitCode : result
}

/** A mail whose header is a part of standard input. */
async function readTemplate(setup: Setup, plan: Plan, unsent: Unsent): Promise<Draft> {
  const { call, circumstances, own } = plan
  const input = await readInput(setup, call, undefined, unsent)
  const charset = fallbackCharset(setup, circumstances)
  const template = sortHeaders(input.header === undefined ? [] : templateHeaders(input.header, charset))
  const named = await readAll(setup, allRecipients(call, own, template), circumstances)
  demandRecipients(named, true)
  const author =
    template.from === undefined
      ? plan.author
      : await authorOf(setup, call, circumstances, lookUp(plan), template.from)
  const addressees = await resolveAddressees(named, circumstances)
  const headers = [...own.others, ...template.others]
  return { ...plan, subject: template.subject ?? plan.subject, author, addressees, headers, input }
}

/** A mail from a person at the terminal; undefined when it was broken off. */
async function readTyped(setup: Setup, plan: Plan, unsent: Unsent): Promise<Draft | undefined> {
  const { call, circumstances, own, given } = plan
  const typed = await askForMail(setup, call, circumstances, given, plan.subject, unsent)
  if (typed === 'abandoned') return undefined
  if (typed.body.length > 0) unsent.holdMessage(bufferContent(draftOf(typed)))
  // Those of the command line come first, and are resolved.
  const more = (kind: RecipientKind): string[] => typed[kind].slice(given[kind].length)
  const named = await readAll(setup, { to: more('to'), cc: more('cc'), bcc: more('bcc') }, circumstances)
  const addressees = await resolveAddressees(named, circumstances, plan.addressees)
  const input = await readInput(setup, call, bufferContent(typed.body), unsent)
  return { ...plan, subject: typed.subject, addressees, headers: own.others, input }
}

/** The end of a letter that its writer gave up. */
async function brokenOff({ terminal }: Setup, unsent: Unsent): Promise<ExitCode> {
  const remains = (await unsent.keep()) ?? 'nothing of it is kept'
  terminal.complain(`the letter was broken off; ${remains}`)
  return EX.TEMPFAIL
}

async function readDraft(setup: Setup, plan: Plan, unsent: Unsent): Promise<Draft | undefined> {
  const { call, addressees } = plan
  if (addressees === undefined) return readTemplate(setup, plan, unsent)
  if (isTyped(call)) return readTyped(setup, plan, unsent)
  const input = await readInput(setup, call, undefined, unsent)
  return { ...plan, addressees, headers: plan.own.others, input }
}

const lookUp = ({ circumstances }: Pick<Plan, 'circumstances'>): LookUp => ({
  expand: circumstances.expand,
  personal: circumstances.aliases,
})

/** Everything that can be found out, and that can be wrong, before anything is read. */
async function planMail(setup: Setup, call: MailCall): Promise<Plan> {
  const circumstances = circumstancesOf(setup, call)
  const own = sortHeaders(call.headers)
  checkAttachments(call.attachments)
  checkInput(call)
  checkHeaders(withHeader(own.others, 'Reply-To', replyTo(setup, circumstances)))
  const given = allRecipients(call, own)
  const named = await readAll(setup, given, circumstances)
  if (!call.template) demandRecipients(named, false)
  const author = await authorOf(setup, call, circumstances, lookUp({ circumstances }), own.from)
  const plan = { call, circumstances, own, given, subject: call.subject ?? own.subject, author }
  return call.template ? plan : { ...plan, addressees: await resolveAddressees(named, circumstances) }
}

/** Sends what the call is about. */
export async function sendMail(setup: Setup, call: MailCall): Promise<ExitCode> {
  const plan = await planMail(setup, call)
  const { circumstances, given, subject, author, addressees } = plan
  const isForNobody = addressees !== undefined && recipientsOf(addressees).length === 0 && !addressees.dropped
  if (isForNobody && addressees.exitCode !== EX.OK) return addressees.exitCode
  if (call.tildes && !isTyped(call)) {
    setup.terminal.complain('lines that begin with ~ are text: they are obeyed only where they are typed')
  }
  const known = {
    fields: call.template ? undefined : { ...given, ...(subject === undefined ? {} : { subject }) },
    sender: author.sender.address,
    isKept: call.mode !== 'dry-run',
  }
  return guarded(setup, circumstances, known, async (unsent) => {
    const read = await readDraft(setup, plan, unsent)
    if (read === undefined) return brokenOff(setup, unsent)
    if (call.skipEmpty && isEmpty(read)) return EX.OK
    return sendDraft(setup, read, unsent)
  })
}
