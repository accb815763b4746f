/**
 * File names in the queue. A name carries everything a scan needs, so which messages are due, and in which
 * order, is decided without opening any of them:
 *
 *     <unix seconds>.M<microseconds>P<pid>Q<counter>R<random>.<host>,N=<next attempt>,P=<priority>[,A=<account>][,H=1]
 *         [,B=<not before>]
 *
 * `H=1` says that the message names a server of its own. In cur/ the Maildir info field `:1,<claim>` follows. A name is
 * never trusted: whatever cannot be read in it has a safe default, so that messages of mailqueue-runner and files put
 * there by hand are delivered too.
 */
import { createHash } from 'node:crypto'
import { DEFAULT_ACCOUNT, isAccountName } from '../config/account-name.ts'
import type { Clock } from '../util/clock.ts'
import { hostName } from '../util/host-name.ts'
import { randomOctets } from '../util/random.ts'

/** The parts of a file name. */
export interface EntryName {
  /** What never changes during the life of the message. */
  readonly unique: string
  /** Unix seconds of the next attempt. */
  readonly nextAttempt: number
  /** 0 (most urgent) to 9. */
  readonly priority: number
  /** Undefined where the name does not tell, which the usual account needs not. */
  readonly account?: string | undefined
  /** True for a message that names a server of its own. */
  readonly ownServer?: boolean
  /** Unix seconds before which the message is not sent; undefined where only the schedule counts. */
  readonly notBefore?: number | undefined
  /** In cur/: which claim of which runner; undefined for claims of mailqueue-runner. */
  readonly claim: string | undefined
}

/** What a name says of a message that nobody has claimed. */
export type RestingName = Omit<EntryName, 'claim'>

export const DEFAULT_PRIORITY = 5
/** Octets of a name to which a claim can be added; no program writes longer ones. File systems take 255. */
export const LONGEST_NAME = 200
/** Maildir's info field for experimental semantics. */
const CLAIM_MARK = ':1,'
const RANDOM_PART = /R([0-9a-f]{12})\./

let counter = 0

/** This host's name with the characters that mean something in a Maildir name replaced. */
function maildirHost(): string {
  return hostName()
    .replace(/[/:,]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`)
    .slice(0, 64)
}

/** A unique part that no other message of any host has. */
export function newUnique(clock: Clock): string {
  return uniqueOf(clock.now(), randomOctets(6).toString('hex'))
}

/**
 * A unique part with a random part that was chosen before.
 *
 * @param now milliseconds since the epoch
 * @param random twelve hexadecimal digits, which become the queue id
 */
export function uniqueOf(now: number, random: string): string {
  const seconds = Math.floor(now / 1000)
  const micros = Math.floor((now % 1000) * 1000)
  counter += 1
  return `${seconds}.M${micros}P${process.pid}Q${counter}R${random}.${maildirHost()}`
}

/**
 * The queue id: the random part of the unique name, which can be seen in the file name, or a digest of the
 * whole unique name where there is none (messages of mailqueue-runner).
 */
export function queueId(unique: string): string {
  const random = RANDOM_PART.exec(unique)?.[1]
  return (random ?? createHash('sha256').update(unique).digest('hex').slice(0, 12)).toUpperCase()
}

/** Unix seconds at which the message was queued, as its name says; 0 when it does not say. */
export function queuedSeconds(unique: string): number {
  const digits = /^\d{1,11}(?=\.)/.exec(unique)
  return digits === null ? 0 : Number(digits[0])
}

/** The file name without the claim, as it stands in new/. */
export function formatName(entry: RestingName): string {
  const { unique, nextAttempt, priority, account = DEFAULT_ACCOUNT, ownServer = false, notBefore } = entry
  const over = account === DEFAULT_ACCOUNT || !isAccountName(account) ? '' : `,A=${account}`
  const start = notBefore === undefined ? '' : `,B=${notBefore}`
  return `${unique},N=${nextAttempt},P=${priority}${over}${ownServer ? ',H=1' : ''}${start}`
}

/** Adds a claim to a name, making the name for cur/. An info field that the name has already goes away. */
export function claimedName(name: string, claim: string): string {
  const colon = name.indexOf(':')
  return `${colon === -1 ? name : name.slice(0, colon)}${CLAIM_MARK}${claim}`
}

/** True for a name that is no queued message's, because a claim of it could not be named. */
export function isTooLong(fileName: string): boolean {
  // The whole name first, because it is hardly ever too long.
  return (
    Buffer.byteLength(fileName) > LONGEST_NAME &&
    Buffer.byteLength(fileName.split(':')[0] ?? '') > LONGEST_NAME
  )
}

/** Reads a file name. Never fails: what is not there has its default. */
export function parseName(fileName: string): EntryName {
  const colon = fileName.indexOf(':')
  const base = colon === -1 ? fileName : fileName.slice(0, colon)
  const claim = colon !== -1 && fileName.startsWith(CLAIM_MARK, colon) ? fileName.slice(colon + 3) : undefined
  return usualName(base, claim) ?? { ...unusualName(base), claim }
}

/** A name as nearly all messages have it; undefined for any other. */
function usualName(base: string, claim: string | undefined): EntryName | undefined {
  const at = base.indexOf(',')
  if (base.length !== at + USUAL.length || !hasUsualFields(base, at)) return undefined
  const nextAttempt = numberAt(base, at + 3, at + 13)
  const priority = numberAt(base, at + 16, at + 17)
  if (Number.isNaN(nextAttempt + priority)) return undefined
  return { unique: base.slice(0, at), nextAttempt, priority, notBefore: undefined, claim }
}

function unusualName(base: string): RestingName {
  // Only what has the form of a field: another comma in the name of a file put here by hand belongs to its name.
  const fields = /(?:,[A-Za-z]=[^,]*)+$/.exec(base)?.[0] ?? ''
  const unique = base.slice(0, base.length - fields.length)
  const next = /,N=(\d{1,12})(?=,|$)/.exec(fields)?.[1]
  const account = /,A=([\w-]+)(?=,|$)/.exec(fields)?.[1]
  const priority = /,P=(\d)(?=,|$)/.exec(fields)?.[1]
  const before = /,B=(\d{1,12})(?=,|$)/.exec(fields)?.[1]
  return {
    unique,
    nextAttempt: next === undefined ? queuedSeconds(unique) : Number(next),
    priority: priority === undefined ? DEFAULT_PRIORITY : Number(priority),
    ...(account === undefined || !isAccountName(account) ? undefined : { account }),
    ...(/,H=1(?=,|$)/.test(fields) ? { ownServer: true } : undefined),
    notBefore: before === undefined ? undefined : Number(before),
  }
}

/** What decides whether and when a message is tried, in milliseconds since the epoch. */
export interface Glance {
  readonly queuedAt: number
  readonly nextAttempt: number
  readonly priority: number
  readonly notBefore?: number | undefined
}

const DIGIT_0 = 0x30
/** How the fields of nearly all names begin; that of the account may follow. */
const USUAL = ',N=1234567890,P=5'

/** The number that some digits at a place are; NaN when they are none. */
function numberAt(text: string, from: number, to: number): number {
  let value = 0
  for (let at = from; at < to; at += 1) {
    const digit = text.charCodeAt(at) - DIGIT_0
    if (!(digit >= 0 && digit <= 9)) return Number.NaN
    value = value * 10 + digit
  }
  return value
}

function hasUsualFields(name: string, at: number): boolean {
  const end = at + USUAL.length
  if (at === -1 || !name.startsWith('N=', at + 1) || !name.startsWith(',P=', end - 4)) return false
  return name.length === end || (name.startsWith(',A=', end) && !name.includes(',', end + 1))
}

/** What a name tells that has only the usual fields; undefined for any other. */
function glanceAtUsual(name: string): Glance | undefined {
  const at = name.indexOf(',')
  if (!hasUsualFields(name, at) || name.includes(':')) return undefined
  const dot = name.indexOf('.')
  const queued = dot > 0 && dot < 12 ? numberAt(name, 0, dot) : Number.NaN
  const nextAttempt = numberAt(name, at + 3, at + 13)
  const priority = numberAt(name, at + 16, at + 17)
  if (Number.isNaN(queued + nextAttempt + priority)) return undefined
  return { queuedAt: queued * 1000, nextAttempt: nextAttempt * 1000, priority }
}

/** As {@link parseName}, for whoever looks at a million names to find the few that are due. */
export function glanceAt(name: string): Glance {
  const usual = glanceAtUsual(name)
  if (usual !== undefined) return usual
  const { unique, nextAttempt, priority, notBefore } = parseName(name)
  return {
    queuedAt: queuedSeconds(unique) * 1000,
    nextAttempt: nextAttempt * 1000,
    priority,
    notBefore: notBefore === undefined ? undefined : notBefore * 1000,
  }
}

/** The runner part of a claim `<runner>.<number>`. */
export function runnerOf(claim: string): string {
  const dot = claim.lastIndexOf('.')
  return dot === -1 ? claim : claim.slice(0, dot)
}
