/**
 * Which messages a changing command of mq-queue is about: ids as operands, ids from standard input, filters, the
 * word ALL. Ids and filters together have to hold both. Naming nothing is an error, so that nobody changes a
 * whole queue by leaving something out.
 *
 * The queue is walked through once, however many ids there are; only what was chosen by id is kept in memory.
 */
import { MailError } from '../../errors/mail-error.ts'
import type { Place, QueueEntry, QueueStore } from '../../queue/store.ts'
import type { Command } from '../commander.ts'
import { addFilters, hasFilters, selector, type FilterOptions } from './selection.ts'
import { standardInput } from '../standard-input.ts'

/** What the command line chooses. */
export interface Choice {
  /** The ids or file names, each once; undefined when the filters or ALL choose. */
  readonly ids: readonly string[] | undefined
  /** Undefined when no filter is given. */
  readonly fits: ReturnType<typeof selector> | undefined
  /** Nobody named each message: what makes no sense for one of them is passed over, and the count is told. */
  readonly bulk: boolean
}

/** A chosen message, or why there is none of that name. */
export type Chosen = { readonly entry: QueueEntry } | { readonly problem: MailError }

const EVERYTHING = 'ALL'
const FROM_INPUT = '-'
const ALL_PLACES: readonly Place[] = ['new', 'cur', 'hold', 'failed']
/** Most names are those of files. */
const LONGEST_WORD = 1000

/** Adds the operands and the filters to a command. */
export function addChoice(command: Command): Command {
  return addFilters(
    command.argument('[id...]', `queue ids; ${FROM_INPUT} reads them from standard input; or ${EVERYTHING}`),
  )
}

/** The first word of each line of standard input. */
async function inputWords(): Promise<string[]> {
  const words: string[] = []
  let rest = ''
  const take = (line: string): void => {
    const word = /\S+/.exec(line)?.[0]
    if (word !== undefined) words.push(word.slice(0, LONGEST_WORD))
  }
  const decoder = new TextDecoder()
  for await (const chunk of standardInput()) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) take(line)
  }
  take(rest)
  return words
}

/**
 * Reads the choice.
 *
 * @throws MailError USAGE when nothing is chosen, or for a filter that means nothing
 */
export async function readChoice(operands: readonly string[], filters: FilterOptions): Promise<Choice> {
  const fits = hasFilters(filters) ? selector(filters) : undefined
  if (operands.includes(EVERYTHING)) {
    if (operands.length > 1) throw new MailError('USAGE', `${EVERYTHING} stands alone; leave the ids out`)
    return { ids: undefined, fits, bulk: true }
  }
  if (operands.length === 0) {
    if (fits !== undefined) return { ids: undefined, fits, bulk: true }
    throw new MailError(
      'USAGE',
      `name the messages: queue ids, ${FROM_INPUT} for ids on standard input, filters, or ${EVERYTHING}; see --help`,
    )
  }
  const fromInput = operands.includes(FROM_INPUT)
  const named = operands.filter((operand) => operand !== FROM_INPUT)
  const ids = new Set([...named, ...(fromInput ? await inputWords() : [])])
  return { ids: [...ids], fits, bulk: fromInput }
}

type Found = Map<string, QueueEntry[]>

async function lookFor(store: QueueStore, ids: ReadonlySet<string>): Promise<Found> {
  const found: Found = new Map()
  for await (const entry of store.list(ALL_PLACES)) {
    const name = [entry.id, entry.key].find((each) => ids.has(each))
    if (name !== undefined) found.set(name, [...(found.get(name) ?? []), entry])
  }
  return found
}

/** A message that is moved while the folders are read may be met twice, or not at all. */
async function stillThere(store: QueueStore, entries: readonly QueueEntry[]): Promise<QueueEntry[]> {
  if (entries.length < 2) return [...entries]
  const there: QueueEntry[] = []
  for (const entry of entries) if ((await store.describe(entry)) !== undefined) there.push(entry)
  return there
}

async function* chosenById(store: QueueStore, ids: readonly string[]): AsyncGenerator<Chosen> {
  // An id may be written in small letters; a file name is what it is.
  const asKnown = (id: string): string => (/^[0-9a-f]{12}$/i.test(id) ? id.toUpperCase() : id)
  const wanted = [...new Set(ids.map(asKnown))]
  const found = await lookFor(store, new Set(wanted))
  const missed = wanted.filter((id) => !found.has(id))
  const again = missed.length === 0 ? undefined : await lookFor(store, new Set(missed))
  for (const id of wanted) {
    const [entry, second] = await stillThere(store, found.get(id) ?? again?.get(id) ?? [])
    if (entry === undefined) {
      const why = `there is no message ${id} in the queue ${store.name}`
      yield { problem: new MailError('INPUT_MISSING', why) }
    } else if (second !== undefined) {
      const why = `more than one message has the id ${id}; name the file instead`
      yield { problem: new MailError('USAGE', why) }
    } else yield { entry }
  }
}

/** Each message once, although a change may bring it to a place that is still to be read. */
async function* chosenByPlace(store: QueueStore, places: readonly Place[]): AsyncGenerator<Chosen> {
  const seen = new Set<string>()
  for await (const entry of store.list(places)) {
    if (seen.has(entry.id)) continue
    seen.add(entry.id)
    yield { entry }
  }
}

/**
 * The chosen messages. They may be changed while this goes on.
 *
 * @param places where messages are looked for that are not named by their ids
 * @param now milliseconds since the epoch
 * @throws MailError QUEUE_* or CONFIG_* when the queue cannot be read
 */
export async function* chosen(
  store: QueueStore,
  { ids, fits }: Omit<Choice, 'bulk'>,
  places: readonly Place[],
  now: number,
): AsyncGenerator<Chosen> {
  const all = ids === undefined ? chosenByPlace(store, places) : chosenById(store, ids)
  for await (const each of all) {
    if ('entry' in each && fits !== undefined) {
      const message = await store.describe(each.entry)
      if (message === undefined || !fits(message, now)) continue
    }
    yield each
  }
}
