/**
 * What becomes of a dropped message: {@link DROP_METADATA} says which of its metadata is believed. The file comes from
 * somebody who may be an enemy of the site, so what it says is asked for and never a fact: the block of the queued message
 * is made anew from what passes here.
 */
import { DEFAULT_ACCOUNT } from '../../config/account-name.ts'
import { findAccount } from '../../config/accounts.ts'
import type { Account, Config } from '../../config/config.ts'
import { MailError } from '../../errors/mail-error.ts'
import type { MessageContent } from '../../message/content.ts'
import type { Envelope, ReportRequest } from '../../message/envelope.ts'
import { qualify } from '../../message/address/address.ts'
import { envelope } from '../../message/recipients.ts'
import type { StagedMessage } from '../../queue/drop/stage.ts'
import { isBatchName, type QueueMeta } from '../../queue/meta-block.ts'
import { mailDomain } from '../../util/mail-domain.ts'
import { chooseRoutes, isFor, type Route, type Submitter } from '../account/choose.ts'
import { nameOf, type SenderRule } from './sender.ts'
import { senderOver } from '../submit-over-accounts.ts'

/** What is done with each thing that a dropped file says; docs/many-users.md has the same table. */
export const DROP_METADATA: Readonly<Record<string, string>> = {
  'owner of the file': 'recorded as `X-Queue-Uid`, and decides `match_uid` and `sender_login`',
  'Return-path':
    'taken when `sender_login` allows it, replaced where the account forces a sender, else refused',
  'Envelope-to': 'taken when each is an address',
  'X-Queue-Date': 'replaced by the time at which it is taken over',
  'X-Last-Attempt': 'ignored',
  'X-Retries': 'ignored',
  'X-Queue-Account':
    'taken when the account is configured and its `match_uid` does not exclude the user, else refused',
  'X-Queue-Smtp': 'refused: no user makes the owner of the queue connect to a server of his choice',
  'X-Queue-Expires': 'taken, 365 days at most',
  'X-Queue-Batch': 'taken',
  'X-Queue-Dsn': 'taken; an ENVID that is not 1 to 100 printable ASCII characters is left out',
  'X-Queue-Rcpt-Dsn': 'taken',
  'X-Queue-Body': 'taken',
  'X-Queue-Uid': 'replaced by the owner of the file',
  'any other header': 'ignored',
  'priority in the name': 'taken from 5 to 9; what is more urgent becomes 5',
  'not-before time in the name': 'taken',
}

/** What is decided about a dropped message. */
export type DropDecision =
  | { readonly kind: 'taken'; readonly messages: readonly StagedMessage[] }
  | { readonly kind: 'refused'; readonly why: string }

/** A message that was dropped. */
export interface DroppedMessage {
  readonly meta: QueueMeta
  readonly content: MessageContent
  readonly submitter: Submitter
}

/** What decides. */
export interface DropRules {
  readonly config: Config
  readonly mayUseSender: SenderRule
  /** Milliseconds since the epoch. */
  readonly now: number
}

const YEAR = 365 * 24 * 3600_000
/** As the command line takes it. */
const ENVELOPE_ID = /^[ -~]{1,100}$/

const refused = (why: string): DropDecision => ({ kind: 'refused', why })

/** What is asked for about reports, without a name of the message that no command would have taken. */
function usableReports(reports: ReportRequest | undefined): ReportRequest | undefined {
  if (reports?.envid === undefined || ENVELOPE_ID.test(reports.envid)) return reports
  const { ret, notify, recipients } = reports
  return {
    ...(ret === undefined ? {} : { ret }),
    ...(notify === undefined ? {} : { notify }),
    ...(recipients === undefined ? {} : { recipients }),
  }
}

/** The ways that it goes, or why it has none. */
function routesOf(config: Config, meta: QueueMeta, asked: Envelope, submitter: Submitter): Route[] | string {
  const { account: name } = meta
  if (name === DEFAULT_ACCOUNT) return chooseRoutes(config, asked, submitter)
  const account = findAccount(config, name)
  if (account === undefined) return `the account "${name.slice(0, 32)}" is not configured`
  return isFor(account, submitter)
    ? [{ account, recipients: asked.recipients }]
    : `the account ${name} is not for ${nameOf(submitter)} (match_uid)`
}

/** Why the sender cannot be used over an account; what it forces is not the choice of the user. */
function whyNotSender(
  { mayUseSender, config }: DropRules,
  submitter: Submitter,
  account: Account,
  asked: Envelope,
): string | undefined {
  const sender = senderOver(account, asked, config)
  const isForced = account.headers.forceFrom && account.from !== undefined && asked.sender !== ''
  return isForced ? undefined : mayUseSender(submitter, sender)
}

function messageOver(
  { account, recipients }: Route,
  { meta, content, submitter }: DroppedMessage,
  asked: Envelope,
  { config, now }: DropRules,
): StagedMessage {
  const { expires, batch } = meta
  return {
    envelope: { ...asked, recipients, sender: senderOver(account, asked, config) },
    content,
    account: account.name,
    uid: submitter.uid,
    ...(expires === undefined ? {} : { expires: Math.min(expires, now + YEAR) }),
    ...(batch !== undefined && isBatchName(batch) ? { batch } : {}),
  }
}

function decideOrThrow(dropped: DroppedMessage, rules: DropRules): DropDecision {
  const { meta, submitter } = dropped
  if (meta.server !== undefined)
    return refused('it names a server of its own, which only who may write the queue can do')
  const { sender, recipients, reports, body } = meta.envelope
  const domain = mailDomain(rules.config.qualifyDomain)
  const whole = (address: string): string => (address === '' ? '' : qualify(address, domain))
  const asked = envelope(whole(sender), recipients.map(whole), usableReports(reports), body)
  const routes = routesOf(rules.config, meta, asked, submitter)
  if (typeof routes === 'string') return refused(routes)
  for (const { account } of routes) {
    const why = whyNotSender(rules, submitter, account, asked)
    if (why !== undefined) return refused(why)
  }
  return { kind: 'taken', messages: routes.map((route) => messageOver(route, dropped, asked, rules)) }
}

/** Decides about a dropped message. It never throws: what cannot be a message is refused with the reason. */
export function decideDrop(dropped: DroppedMessage, rules: DropRules): DropDecision {
  try {
    return decideOrThrow(dropped, rules)
  } catch (error) {
    if (!(error instanceof MailError)) throw error
    return refused(error.publicMessage)
  }
}
