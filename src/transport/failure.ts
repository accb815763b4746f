/**
 * A failed step of an attempt and what it means: temporary or permanent, and whose fault. The meaning is a
 * table, read from the top; the first rule that fits decides. docs/transport.md shows the same table.
 */
import type { AccountTrouble, FailureScope, Refusal, Refused } from '../message/outcome.ts'
import { parseReply, type Reply } from './reply.ts'

/**
 * The step of an SMTP session that failed; `local` is this machine or our own decision to stop, `setup` what this site
 * has to bring for a session and has not: a file, a program, a token.
 */
export type Phase =
  'connect' | 'banner' | 'ehlo' | 'tls' | 'auth' | 'mail' | 'rcpt' | 'data' | 'dot' | 'setup' | 'local'

/** What went wrong, before it is judged. */
export interface Failure {
  readonly phase: Phase
  /** One line: the server's words, or ours when there was no reply. */
  readonly reason: string
  /** The reply code, when there was a reply. */
  readonly code?: number
  readonly enhanced?: string
  /** The code of OpenSSL or of Node.js, when it was TLS that failed with one. */
  readonly tlsCode?: string
  /** Set when a transaction had begun although the phase is one of the session. */
  readonly underWay?: true
}

/** The judgement over a failure. */
export interface Verdict {
  readonly class: 'temporary' | 'permanent'
  readonly scope: FailureScope
  /** What is wrong with the account; set when it is to blame, and only then. */
  readonly trouble?: AccountTrouble
}

/** Judges failures: the table alone, or the table as an account's settings change it. */
export type Judge = (failure: Failure) => Verdict

/** One row of the table. All conditions that are given must hold. */
export interface FailureRule extends Verdict {
  /** In words, as in the documentation. */
  readonly when: string
  readonly phases?: readonly Phase[]
  /** The reply code; the empty string stands for "no reply". */
  readonly code?: RegExp
  readonly enhanced?: RegExp
  readonly text?: RegExp
}

const SESSION: readonly Phase[] = ['connect', 'banner', 'ehlo', 'tls']
const TRANSACTION: readonly Phase[] = ['mail', 'rcpt', 'data', 'dot']
const WHOLE_MESSAGE: readonly Phase[] = ['mail', 'data', 'dot']
const QUOTA_TEXT = new RegExp(
  [
    '\\b(daily|hourly|monthly)\\b.*\\b(limit|quota)',
    '\\b(sending|send|outgoing|submission) (limit|quota|rate)\\b',
    '\\brate[ -]?limit',
    '\\bmessage rate\\b',
    '\\bthrottl',
    '\\btoo many (messages|mails|e-?mails|connections)\\b',
    '\\b(messages|mails|e-?mails) per (day|hour|minute)\\b',
  ].join('|'),
  'i',
)
const AUTH_TEXT = /authentication (is )?required|must authenticate|(not|no) authenticated/i
/** Everything but the codes about the recipient's mailbox (x.2.x), whose own limits are not ours. */
const NOT_MAILBOX = /^(?!\d\.2\.)/

const temporary = (scope: FailureScope): Verdict => ({ class: 'temporary', scope })
const account = (trouble: AccountTrouble): Verdict => ({ ...temporary('account'), trouble })
const permanent = (scope: FailureScope): Verdict => ({ class: 'permanent', scope })

const OUT_OF_SEQUENCE = 'commands out of sequence'

/** The table. The reply code decides between temporary and permanent, never the enhanced code alone. */
export const FAILURE_RULES: readonly FailureRule[] = [
  { when: 'a fault of this machine', phases: ['local'], ...temporary('host') },
  { when: 'a fault of this site', phases: ['setup'], ...account('setup') },
  { when: 'the server closes the session', code: /^421$/, ...account('connection') },
  { when: 'no session', phases: SESSION, ...account('connection') },
  { when: 'no login', phases: ['auth'], ...account('login') },
  {
    when: 'our own check of the message',
    phases: ['mail'],
    code: /^$/,
    enhanced: /^5\./,
    ...permanent('message'),
  },
  {
    when: 'our own check of a recipient',
    phases: ['rcpt'],
    code: /^$/,
    enhanced: /^5\./,
    ...permanent('recipient'),
  },
  {
    when: 'the message is too big',
    phases: WHOLE_MESSAGE,
    code: /^5/,
    enhanced: /^5\.3\.4$/,
    ...permanent('message'),
  },
  {
    when: "the provider's quota, by code",
    phases: TRANSACTION,
    enhanced: /^[45]\.4\.5$/,
    ...account('quota'),
  },
  {
    when: "the provider's quota, by text",
    phases: TRANSACTION,
    code: /^[45]/,
    enhanced: NOT_MAILBOX,
    text: QUOTA_TEXT,
    ...account('quota'),
  },
  { when: 'login required', phases: TRANSACTION, code: /^530$/, ...account('login') },
  {
    when: 'login required, by text',
    phases: TRANSACTION,
    code: /^5/,
    text: AUTH_TEXT,
    ...account('login'),
  },
  { when: OUT_OF_SEQUENCE, phases: TRANSACTION, code: /^503$/, ...temporary('message') },
  { when: 'sender refused for now', phases: ['mail'], code: /^4/, ...temporary('message') },
  { when: 'sender refused', phases: ['mail'], code: /^5/, ...permanent('message') },
  { when: 'recipient refused for now', phases: ['rcpt'], code: /^4/, ...temporary('recipient') },
  { when: 'recipient refused', phases: ['rcpt'], code: /^5/, ...permanent('recipient') },
  { when: 'message refused for now', phases: ['data', 'dot'], code: /^4/, ...temporary('message') },
  { when: 'message refused', phases: ['data', 'dot'], code: /^5/, ...permanent('message') },
  { when: 'anything else', ...temporary('message') },
]

function fits(rule: FailureRule, failure: Failure): boolean {
  return (
    (rule.phases?.includes(failure.phase) ?? true) &&
    (rule.code?.test(failure.code === undefined ? '' : String(failure.code)) ?? true) &&
    (rule.enhanced?.test(failure.enhanced ?? '') ?? true) &&
    (rule.text?.test(failure.reason) ?? true)
  )
}

const ruleFor = (failure: Failure): FailureRule | undefined =>
  FAILURE_RULES.find((rule) => fits(rule, failure))

/** Judges a failure: the first fitting row of {@link FAILURE_RULES}. */
export function classify(failure: Failure): Verdict {
  const { class: kind, scope, trouble } = ruleFor(failure) ?? temporary('message')
  return { class: kind, scope, ...(trouble === undefined ? undefined : { trouble }) }
}

/** True when the server has lost the thread (503): another connection may do. */
export function isOutOfSequence(failure: Failure): boolean {
  return ruleFor(failure)?.when === OUT_OF_SEQUENCE
}

/** True when a transaction had begun: the failure says something about this message, at least also. */
export function isUnderWay(failure: Failure): boolean {
  return failure.underWay === true || TRANSACTION.includes(failure.phase)
}

/** A failure that is a reply of the server. */
export function replyFailure(phase: Phase, response: string): Failure {
  const { text, ...codes }: Reply = parseReply(response)
  return { phase, reason: text, ...codes }
}

/**
 * The outcome of everybody who failed this way.
 *
 * @param judge decides what the failure means
 */
export function refusalOf(failure: Failure, judge: Judge): Refusal {
  const { reason, code, enhanced } = failure
  const { class: kind, scope, trouble } = judge(failure)
  return {
    status: kind === 'temporary' ? 'deferred' : 'failed',
    scope,
    reason,
    ...(code === undefined ? undefined : { code }),
    ...(enhanced === undefined ? undefined : { enhanced }),
    ...(trouble === undefined ? undefined : { trouble }),
    ...(scope === 'account' && isUnderWay(failure) ? { underWay: true } : undefined),
  }
}

/** The outcome of one recipient that failed this way. */
export function refusal(recipient: string, failure: Failure, judge: Judge = classify): Refused {
  return { recipient, ...refusalOf(failure, judge) }
}

/**
 * True for the reply to RCPT that ends the list, not the recipient: the server takes no more recipients in
 * this transaction (RFC 5321 section 4.5.3.1.10, which asks to read 552 like 452).
 */
export function isTooManyRecipients(failure: Failure): boolean {
  const { phase, code = 0, enhanced, reason } = failure
  if (phase !== 'rcpt' || code < 400 || code === 421) return false
  if (/^[45]\.5\.3$/.test(enhanced ?? '')) return true
  return (code === 452 && enhanced === undefined) || /too many recipients/i.test(reason)
}
