/**
 * mq-queue stats: how much is in the queue, for whom, since when, and how the accounts are. As text, and as one JSON
 * object whose members docs/administration.md lists.
 */
import { largestFirst } from '../../delivery/tally.ts'
import type { AccountStatus, LimitStatus } from '../../delivery/account/status.ts'
import type { RecipientStatus } from '../../queue/journal/recipient-state.ts'
import type { Place } from '../../queue/store.ts'
import { systemClock } from '../../util/clock.ts'
import { printable, printableJson } from '../printable.ts'
import { ageText, sizeText } from './quantity.ts'
import { sightQueue, type QueueContext } from './context.ts'
import { PLACE_WORD } from './record.ts'
import { addFilters, readCount, selectorNow, type FilterOptions } from './selection.ts'
import { surveyQueue, type Survey } from './survey.ts'
import { EVERY_PLACE, tellMissing } from './walk.ts'

/** So many domains are shown when nothing else is asked for. */
export const USUAL_DOMAINS = 10

/** The members of the object in their order, and what each says. */
export const STATS_MEMBERS = {
  queue: 'the queue directory',
  time: 'when this was found out',
  places:
    'for each of `waiting`, `active`, `held` and `failed`: `messages`, `octets`, and when the `oldest` was queued',
  recipients: 'for each state of a recipient: how many recipients of all these messages are in it',
  domains: 'the domains with the most recipients who still get their message: `domain`, `recipients`',
  sender_domains: 'the domains that sent the most messages which are not finished: `domain`, `messages`',
  accounts:
    '`account`, `messages` that are not finished; for a configured one also `server`, `breaker` (`closed`, `open` or `half-open`) and, when something is wrong with it, `trouble`, `reason`, `since`, `until`, and as `fault` what this site lacks for some of its mail; where it has limits, `limits`: for each its `limit`, how many are allowed at the `most`, and how many are `used`',
  last_run:
    'the last run that came to its end: `time`, `delivered`, `deferred`, `failed`, and why it `stopped` early',
  outbox:
    'reports that the application has not taken yet: how many `reports`, and when the `oldest` was stored',
  suspended: 'what is suspended: `all` sending or not, and the names of `batches`',
  unreadable: 'files among the messages that are none, or cannot be read',
  quarantined: 'files in corrupt/',
  free_octets: 'octets that can still be stored',
  free_files: 'files that can still be made',
} as const

const seconds = (ms: number | undefined): number | undefined =>
  ms === undefined ? undefined : Math.floor(ms / 1000)

function accountRecord(name: string, messages: number, status: AccountStatus | undefined) {
  const { server, breaker, state, fault, limits = [] } = status ?? {}
  return {
    account: name,
    messages,
    server,
    breaker,
    trouble: state?.trouble,
    reason: state?.reason,
    since: seconds(state?.since),
    until: seconds(state?.until),
    fault,
    limits: limits.length === 0 ? undefined : limits,
  }
}

/** Accounts that have messages, and those that are configured. */
function accountRecords({ tally, accounts }: Survey) {
  const counts = new Map(accounts.map(({ account }) => [account, 0]))
  for (const [account, messages] of tally.accounts) counts.set(account, messages)
  return largestFirst(counts).map(([name, messages]) =>
    accountRecord(
      name,
      messages,
      accounts.find(({ account }) => account === name),
    ),
  )
}

/** The JSON object; members without a value are undefined, and not written. */
export function statsRecord(
  survey: Survey,
  most: number,
): Readonly<Record<keyof typeof STATS_MEMBERS, unknown>> {
  const { tally, facts, lastRun } = survey
  return {
    queue: survey.queue,
    time: seconds(survey.now),
    places: Object.fromEntries(
      EVERY_PLACE.map((place) => {
        const { messages, octets, oldest } = tally.places[place]
        return [PLACE_WORD[place], { messages, octets, oldest: seconds(oldest) }]
      }),
    ),
    recipients: tally.recipients,
    domains: largestFirst(tally.domains, most).map(([domain, recipients]) => ({ domain, recipients })),
    sender_domains: largestFirst(tally.senders, most).map(([domain, messages]) => ({ domain, messages })),
    accounts: accountRecords(survey),
    last_run: lastRun && { ...lastRun, time: seconds(lastRun.time) },
    outbox: { reports: survey.outbox.reports, oldest: seconds(survey.outbox.oldest) },
    suspended: { all: survey.suspended.all, batches: [...survey.suspended.batches].sort() },
    unreadable: survey.unreadable,
    quarantined: facts?.quarantined,
    free_octets: facts?.freeOctets,
    free_files: facts?.freeFiles,
  }
}

function placeLine({ tally, now }: Survey, place: Place): string {
  const { messages, octets, oldest } = tally.places[place]
  const age = oldest === undefined ? '-' : ageText(now - oldest)
  return `${PLACE_WORD[place].padEnd(10)}${String(messages).padStart(9)}${sizeText(octets).padStart(9)}  ${age}`
}

function countLines(title: string, counts: ReadonlyMap<string, number>, most: number): string[] {
  if (counts.size === 0) return []
  const lines = largestFirst(counts, most).map(([name, count]) => `${String(count).padStart(9)}  ${name}`)
  const left = counts.size - lines.length
  return ['', title, ...lines, ...(left > 0 ? [`           and ${left} more`] : [])]
}

/** How much of each limit is used, such as `, limit_per_hour 12/100`. */
function limitText(limits: readonly LimitStatus[]): string {
  return limits.map(({ limit, most, used }) => `, ${limit} ${used ?? '?'}/${most}`).join('')
}

function accountLines(survey: Survey): string[] {
  const lines = accountRecords(survey).map(
    ({ account, messages, server, breaker, until, reason, fault, limits = [] }) => {
      const how = breaker === undefined ? '' : `  ${breaker}`
      const left = breaker === 'open' ? ` for ${ageText((until ?? 0) * 1000 - survey.now)}` : ''
      const why = reason === undefined ? '' : `: ${reason}`
      const lacks = fault === undefined ? '' : `; mail waits: ${fault}`
      return `${String(messages).padStart(9)}  ${account}${server === undefined ? '' : ` (${server})`}${how}${left}${why}${lacks}${limitText(limits)}`
    },
  )
  return lines.length === 0 ? [] : ['', 'Messages by account, and its breaker', ...lines]
}

/** What is suspended, in words: one line, or none. */
export function suspendedWords({ all, batches }: Survey['suspended']): string[] {
  if (all) return ['all sending']
  const names = [...batches].sort().map(printable)
  return names.length === 0 ? [] : [`${names.length === 1 ? 'the batch' : 'the batches'} ${names.join(', ')}`]
}

/** The last run in words. */
function lastRunText({ lastRun, now }: Pick<Survey, 'lastRun' | 'now'>): string {
  if (lastRun === undefined) return 'never'
  const { time, delivered, deferred, failed, stopped } = lastRun
  const end = stopped === undefined ? '' : `; ended early: ${stopped}`
  return `${ageText(now - time)} ago: ${delivered} delivered, ${deferred} deferred, ${failed} failed${end}`
}

/** The whole as text. */
export function statsText(survey: Survey, most: number): string {
  const { tally, facts, unreadable } = survey
  const statuses = (Object.entries(tally.recipients) as [RecipientStatus, number][])
    .filter(([, count]) => count > 0)
    .map(([status, count]) => `${count} ${status}`)
  const odd = [
    ...(unreadable > 0 ? [`Files that are no messages or cannot be read: ${unreadable}`] : []),
    ...(facts !== undefined && facts.quarantined > 0 ? [`Files in corrupt/: ${facts.quarantined}`] : []),
  ]
  const { reports, oldest } = survey.outbox
  const age = oldest === undefined ? '' : `, the oldest for ${ageText(survey.now - oldest)}`
  const untold = reports > 0 ? [`Reports for the webhook that wait: ${reports}${age}`] : []
  const free = facts?.freeOctets === undefined ? [] : [`Free space: ${sizeText(facts.freeOctets)}`]
  const lines = [
    'State      Messages     Size  Oldest',
    ...EVERY_PLACE.map((place) => placeLine(survey, place)),
    '',
    `Recipients: ${statuses.length === 0 ? 'none' : statuses.join(', ')}`,
    `Last run: ${lastRunText(survey)}`,
    ...suspendedWords(survey.suspended).map((words) => `Suspended: ${words}`),
    ...untold,
    ...free,
    ...odd,
    ...countLines('Recipients that wait, by domain', tally.domains, most),
    ...countLines('Messages by domain of the sender', tally.senders, most),
    ...accountLines(survey),
  ]
  return `${lines.join('\n')}\n`
}

interface StatsOptions extends FilterOptions {
  readonly top: string
  readonly json?: true
}

/** Adds the command. */
export function addStats(context: QueueContext): void {
  const { parent, terminal, done } = context
  const command = parent
    .command('stats')
    .description('count what is in the queue: by state, domain, sender and account')
    .option('--top <n>', 'so many domains, those with the most', String(USUAL_DOMAINS))
    .option('--json', 'as one JSON object')
    .action(async (options: StatsOptions) => {
      const most = readCount('--top', options.top)
      const selects = selectorNow(options)
      const survey = await surveyQueue(await sightQueue(context), selects, systemClock.now())
      terminal.print(
        options.json === true ? printableJson(statsRecord(survey, most)) : statsText(survey, most),
      )
      done(tellMissing(survey.log, terminal))
    })
  addFilters(command)
}
