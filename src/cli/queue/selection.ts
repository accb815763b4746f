/**
 * Which messages a command of mq-queue is about: the filters that all of them share, as a table. A message is
 * selected when every filter that is given fits it.
 */
import { parseDuration } from '../../config/duration.ts'
import { MailError } from '../../errors/mail-error.ts'
import { domainOf } from '../../message/address/address.ts'
import { RECIPIENT_STATUS } from '../../queue/journal/recipient-state.ts'
import type { Place, QueuedMessage } from '../../queue/store.ts'
import { systemClock } from '../../util/clock.ts'
import type { Command } from '../commander.ts'
import { EVERY_PLACE, WAITING } from './walk.ts'

/** The filters as they are given on the command line. */
export interface FilterOptions {
  readonly from?: string
  readonly to?: string
  readonly domain?: string
  readonly account?: string
  readonly older?: string
  readonly status?: string
  readonly batch?: string
}

type Test = (message: QueuedMessage, now: number) => boolean

interface Filter {
  readonly flags: string
  readonly doc: string
  /** @throws MailError USAGE for a value that means nothing */
  readonly read: (value: string) => Test
}

/** What stands for a place in `--status`; every other word is the state of a recipient. */
const PLACES: Readonly<Record<string, Place>> = {
  waiting: 'new',
  active: 'cur',
  held: 'hold',
  failed: 'failed',
}

/** `*` stands for any characters, `?` for one; upper and lower case are the same. */
function pattern(value: string): (text: string) => boolean {
  const escaped = value
    .replace(/[\\^$.|+()[\]{}]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  const matcher = new RegExp(`^${escaped}$`, 'isu')
  return (text) => matcher.test(text)
}

function readAge(value: string): Test {
  const age = parseDuration(value)
  if (age === undefined) {
    throw new MailError('USAGE', `--older ${value}: write a duration such as 30m, 4h or 5d`)
  }
  return ({ queuedAt }, now) => now - queuedAt > age
}

function readStatus(value: string): Test {
  const wanted = value.split(',').map((word) => word.trim().toLowerCase())
  const known = [...Object.keys(RECIPIENT_STATUS), ...Object.keys(PLACES)]
  for (const word of wanted) {
    if (known.includes(word)) continue
    throw new MailError('USAGE', `--status ${word}: write one of ${[...new Set(known)].join(', ')}`)
  }
  const places = new Set(wanted.map((word) => PLACES[word]))
  // A message that failed for one recipient and still goes out to another is none of the failed ones.
  const states = new Set<string>(wanted.filter((word) => PLACES[word] === undefined))
  return ({ place, recipients }) => places.has(place) || recipients.some(({ status }) => states.has(status))
}

/** The filters by the names of their options. */
export const FILTERS: Readonly<Record<keyof FilterOptions, Filter>> = {
  from: {
    flags: '--from <pattern>',
    doc: 'only messages of this sender; <> is the null sender, * stands for anything',
    read: (value) => {
      const fits = pattern(value === '<>' ? '' : value)
      return ({ envelope }) => fits(envelope.sender)
    },
  },
  to: {
    flags: '--to <pattern>',
    doc: 'only messages to this recipient',
    read: (value) => {
      const fits = pattern(value)
      return ({ recipients }) => recipients.some(({ recipient }) => fits(recipient))
    },
  },
  domain: {
    flags: '--domain <pattern>',
    doc: 'only messages to a recipient in this domain',
    read: (value) => {
      const fits = pattern(value)
      return ({ recipients }) => recipients.some(({ recipient }) => fits(domainOf(recipient)))
    },
  },
  account: {
    flags: '--account <name>',
    doc: 'only messages that go over this account',
    read:
      (value) =>
      ({ account }) =>
        account === value,
  },
  older: { flags: '--older <duration>', doc: 'only messages older than this', read: readAge },
  status: {
    flags: '--status <words>',
    doc: 'only messages in this state, or with a recipient in this one; several are separated by commas',
    read: readStatus,
  },
  batch: {
    flags: '--batch <pattern>',
    doc: 'only messages of this batch',
    read: (value) => {
      const fits = pattern(value)
      return ({ batch }) => batch !== undefined && fits(batch)
    },
  },
}

const NAMES = Object.keys(FILTERS) as readonly (keyof FilterOptions)[]

/** Adds the filters to a command. */
export function addFilters(command: Command): Command {
  for (const name of NAMES) command.option(FILTERS[name].flags, FILTERS[name].doc)
  return command
}

/** True when any filter is given. */
export function hasFilters(options: FilterOptions): boolean {
  return NAMES.some((name) => options[name] !== undefined)
}

/**
 * Makes one test of all filters that are given.
 *
 * @throws MailError USAGE for a value that means nothing
 */
export function selector(options: FilterOptions): Test {
  const tests = NAMES.flatMap((name) => {
    const value = options[name]
    return value === undefined ? [] : [FILTERS[name].read(value)]
  })
  return (message, now) => tests.every((test) => test(message, now))
}

/** As {@link selector}, with the age of a message told by the time of the call. */
export function selectorNow(options: FilterOptions): (message: QueuedMessage) => boolean {
  const test = selector(options)
  const now = systemClock.now()
  return (message) => test(message, now)
}

/**
 * The places where messages are looked for: what waits, unless more is asked for. A state is looked for everywhere.
 *
 * @throws MailError USAGE for a contradiction
 */
export function placesOf({
  failed,
  all,
  status,
}: Pick<FilterOptions, 'status'> & { readonly failed?: true; readonly all?: true }): readonly Place[] {
  if (failed === true && all === true) throw new MailError('USAGE', 'give either --failed or --all')
  if (failed === true) return ['failed']
  return all === true || status !== undefined ? EVERY_PLACE : WAITING
}

/**
 * A whole number from 1.
 *
 * @throws MailError USAGE for anything else
 */
export function readCount(option: string, value: string): number {
  if (!/^[1-9]\d{0,8}$/.test(value))
    throw new MailError('USAGE', `${option} ${value}: write a whole number from 1`)
  return Number(value)
}
