/**
 * Whether a queue is well: what was found, held against limits, as one line in the form that Nagios and its relatives
 * read (state, words, performance data). A pure function; `queue-check.ts` asks and prints.
 */
import { DROP_STALE } from '../../delivery/drop/waiting.ts'
import type { ProbeState } from '../../errors/probe-status.ts'
import { ageText, sizeText } from './quantity.ts'
import { suspendedWords } from './stats.ts'
import type { Survey } from './survey.ts'

/** A value from which on something is wrong. */
export interface Limits {
  readonly warn: number
  readonly crit: number
}

/** What is too much. Ages are milliseconds. */
export interface Thresholds {
  /** Age of the oldest message that waits and is not held. */
  readonly age: Limits
  /** Messages that wait and are not held. */
  readonly count: Limits
  /** Time since the last run. */
  readonly run: Limits
  /** Free space: less is critical. */
  readonly minFree: { readonly octets: number } | { readonly percent: number }
}

/** What was found, and how bad it is. */
export interface Verdict {
  readonly state: ProbeState
  /** Without a line end. */
  readonly line: string
}

interface Finding {
  readonly state: ProbeState
  readonly words: string
}

/** Fewer free files than this are critical: each message takes up to three. */
const FEW_FILES = 1000
/** A report that waits longer is worth a word, in milliseconds. */
const LONG_UNTOLD = 4 * 3600_000

const WORST_FIRST = ['CRITICAL', 'WARNING', 'OK'] as const

const some = (count: number, one: string, more: string): string => `${count} ${count === 1 ? one : more}`

function against({ warn, crit }: Limits, value: number, words: string): Finding[] {
  if (value >= crit) return [{ state: 'CRITICAL', words }]
  return value >= warn ? [{ state: 'WARNING', words }] : []
}

/** The messages that should be on their way. */
function backlog({ tally: { places } }: Survey): { count: number; oldest: number | undefined } {
  const both = [places.new.oldest, places.cur.oldest].filter((time) => time !== undefined)
  return {
    count: places.new.messages + places.cur.messages,
    oldest: both.length === 0 ? undefined : Math.min(...both),
  }
}

const since = (time: number | undefined, now: number): number | undefined =>
  time === undefined ? undefined : Math.max(0, now - time)

function judgeRun({ lastRun, now }: Survey, oldest: number | undefined, limits: Limits): Finding[] {
  const age = since(lastRun?.time, now)
  if (age !== undefined) return against(limits, age, `the last run was ${ageText(age)} ago`)
  // A queue that is empty and was never run may just be new.
  return oldest === undefined ? [] : against(limits, oldest, 'mail waits and the queue was never run')
}

function judgeAccounts({ accounts, missing }: Survey): Finding[] {
  const gone = missing.map((account): Finding => {
    const words = `mail waits for the account ${account}, which is not configured`
    return { state: 'CRITICAL', words }
  })
  const failed = accounts.flatMap(({ account, state, fault }): Finding[] => {
    const lacks: Finding[] =
      fault === undefined ? [] : [{ state: 'CRITICAL', words: `mail of account ${account} waits: ${fault}` }]
    if (state === undefined) return lacks
    const words = `account ${account} cannot be used: ${state.reason}`
    const needsPerson = state.trouble === 'login' || state.trouble === 'setup'
    return [...lacks, { state: needsPerson ? 'CRITICAL' : 'WARNING', words }]
  })
  return [...gone, ...failed]
}

/** An application that does not take its reports does not know what became of its mail. */
function judgeOutbox({ outbox, now }: Survey): Finding[] {
  const age = since(outbox.oldest, now)
  if (age === undefined || age < LONG_UNTOLD) return []
  const words = `${some(outbox.reports, 'report waits', 'reports wait')} for the webhook, the oldest for ${ageText(age)}`
  return [{ state: 'WARNING', words }]
}

/** What an administrator keeps back is no fault, and must not be forgotten when it is everything. */
function judgeSuspended({ suspended }: Survey): Finding[] {
  const state = suspended.all ? 'WARNING' : 'OK'
  return suspendedWords(suspended).map((words) => ({ state, words: `suspended: ${words}` }))
}

/** Somebody should take over what users drop within moments. */
function judgeDropped({ dropped, now }: Survey): Finding[] {
  if (dropped === undefined || now - dropped.oldest < DROP_STALE) return []
  const waits = some(dropped.messages, 'dropped message waits', 'dropped messages wait')
  const words = `${waits} to be taken over, the oldest for ${ageText(now - dropped.oldest)}`
  return [{ state: 'WARNING', words }]
}

/** Octets below which there is too little space; undefined when it cannot be known. */
function leastSpace({ facts }: Survey, { minFree }: Thresholds): number | undefined {
  if ('octets' in minFree) return minFree.octets
  return facts?.totalOctets === undefined ? undefined : (facts.totalOctets * minFree.percent) / 100
}

function judgeSpace(survey: Survey, thresholds: Thresholds): Finding[] {
  const { freeOctets, freeFiles } = survey.facts ?? {}
  const least = leastSpace(survey, thresholds)
  const findings: Finding[] = []
  if (freeOctets !== undefined && least !== undefined && freeOctets < least)
    findings.push({ state: 'CRITICAL', words: `only ${sizeText(freeOctets)} of space are free` })
  if (freeFiles !== undefined && freeFiles < FEW_FILES)
    findings.push({ state: 'CRITICAL', words: `only ${freeFiles} more files can be made` })
  return findings
}

function judgeFiles({ facts, unreadable }: Survey): Finding[] {
  const corrupt = facts?.quarantined ?? 0
  const files = (count: number): string => some(count, 'file', 'files')
  return [
    ...(corrupt > 0 ? [`${files(corrupt)} in corrupt/`] : []),
    ...(unreadable > 0 ? [`${files(unreadable)} cannot be read`] : []),
  ].map((words) => ({ state: 'WARNING', words }))
}

interface Datum {
  readonly label: string
  readonly value: number | undefined
  readonly unit?: string
  readonly warn?: number
  /** A number, or `n:` for what must not be less. */
  readonly crit?: number | string
  /** The largest value there can be. */
  readonly most?: number
}

/** How much of the limits is used: full is no fault, it is what they are for. */
function limitData({ accounts }: Survey): Datum[] {
  return accounts.flatMap(({ account, limits }) =>
    limits.map(({ limit, most, used }) => ({ label: `'${account} ${limit}'`, value: used, most })),
  )
}

function performance(survey: Survey, thresholds: Thresholds): string {
  const { tally, facts, now } = survey
  const { count, oldest } = backlog(survey)
  const inSeconds = (ms: number | undefined): number => Math.floor((ms ?? 0) / 1000)
  const timed = ({ warn, crit }: Limits) => ({ unit: 's', warn: inSeconds(warn), crit: inSeconds(crit) })
  const lastRun = since(survey.lastRun?.time, now)
  const least = leastSpace(survey, thresholds)
  const data: readonly Datum[] = [
    { label: 'waiting', value: count, ...thresholds.count },
    { label: 'age', value: inSeconds(since(oldest, now)), ...timed(thresholds.age) },
    { label: 'active', value: tally.places.cur.messages },
    { label: 'held', value: tally.places.hold.messages },
    { label: 'failed', value: tally.places.failed.messages },
    ...limitData(survey),
    { label: 'in_doubt', value: tally.recipients['in-doubt'] },
    { label: 'corrupt', value: facts?.quarantined ?? 0, warn: 0 },
    { label: 'untold', value: survey.outbox.reports },
    { label: 'last_run', value: lastRun && inSeconds(lastRun), ...timed(thresholds.run) },
    {
      label: 'free',
      value: facts?.freeOctets,
      unit: 'B',
      ...(least === undefined ? {} : { crit: `${Math.round(least)}:` }),
    },
  ]
  return data
    .filter(({ value }) => value !== undefined)
    .map(
      ({ label, value, unit = '', warn = '', crit = '', most }) =>
        `${label}=${value ?? ''}${unit};${warn};${crit};0${most === undefined ? '' : `;${most}`}`,
    )
    .join(' ')
}

/** Judges a queue. */
export function judgeQueue(survey: Survey, thresholds: Thresholds): Verdict {
  const { count, oldest } = backlog(survey)
  const age = since(oldest, survey.now)
  const wait = `${some(count, 'message waits', 'messages wait')}${age === undefined ? '' : `, the oldest for ${ageText(age)}`}`
  const findings = [
    ...(age === undefined ? [] : against(thresholds.age, age, `a message waits for ${ageText(age)}`)),
    ...against(thresholds.count, count, some(count, 'message waits', 'messages wait')),
    ...judgeRun(survey, age, thresholds.run),
    ...judgeAccounts(survey),
    ...judgeOutbox(survey),
    ...judgeSuspended(survey),
    ...judgeDropped(survey),
    ...judgeSpace(survey, thresholds),
    ...judgeFiles(survey),
  ]
  const state = WORST_FIRST.find((each) => findings.some((finding) => finding.state === each)) ?? 'OK'
  const words = WORST_FIRST.flatMap((each) => findings.filter((finding) => finding.state === each)).map(
    (finding) => finding.words,
  )
  const text = (state === 'OK' ? [wait, ...words] : words).join('; ')
  return { state, line: probeLine(state, text, performance(survey, thresholds)) }
}

/** One line of a probe. What comes from a server may hold the sign that separates words and data. */
export function probeLine(state: ProbeState, words: string, data?: string): string {
  const text = words.replaceAll('|', '/').replaceAll(/\s+/g, ' ')
  return `MAILQUEUE ${state} - ${text}${data === undefined ? '' : ` | ${data}`}`
}
