/**
 * Two files with the same unique name share a journal, and would be sent to the same people. Two names of one file
 * are left when a program dies between link and unlink, or when somebody makes a link: one name is enough. Two files
 * are the work of a hand: the one that is where the journal says is kept, else the older one; the other goes to
 * corrupt/.
 */
import { lstatSync, type Stats } from 'node:fs'
import { errnoOf, queueError } from '../../errors/errno.ts'
import { syncDirectory, unlinkFile } from '../../util/durable-file.ts'
import { parseName, queueId } from '../entry-name.ts'
import { readJournal } from '../journal/journal.ts'
import { folderPath } from '../layout.ts'
import { quarantine } from '../quarantine.ts'
import { openQueueFile } from '../queue-file.ts'
import { messageState, restingPlace } from '../journal/recipient-state.ts'
import { scanNames } from '../scan.ts'
import type { Place } from '../store.ts'
import type { Checking, Finding } from './finding.ts'

const PLACES: readonly Place[] = ['new', 'cur', 'hold', 'failed']

interface Name {
  readonly place: Place
  readonly name: string
  readonly stats: Stats
}

/** Ids are kept as numbers, since a large queue has many. */
const numberOf = (name: string): number => Number.parseInt(queueId(parseName(name).unique), 16)

async function* allNames(queueDir: string): AsyncGenerator<{ place: Place; name: string }> {
  for (const place of PLACES) {
    for await (const { name } of scanNames(queueDir, place)) yield { place, name }
  }
}

async function repeatedIds(queueDir: string): Promise<Set<number>> {
  const [seen, repeated] = [new Set<number>(), new Set<number>()]
  for await (const { name } of allNames(queueDir)) {
    const id = numberOf(name)
    if (seen.has(id)) repeated.add(id)
    seen.add(id)
  }
  return repeated
}

function statOf({ queueDir }: Checking, place: Place, name: string): Stats | undefined {
  const path = folderPath(queueDir, place, name)
  try {
    return lstatSync(path, { throwIfNoEntry: false })
  } catch (error) {
    throw queueError(error, 'cannot look at', path)
  }
}

/** The names of each message that has several at this moment; one that was only moved has one. */
async function groups(checking: Checking, repeated: ReadonlySet<number>): Promise<Name[][]> {
  const byUnique = new Map<string, { place: Place; name: string }[]>()
  for await (const each of allNames(checking.queueDir)) {
    if (!repeated.has(numberOf(each.name))) continue
    const { unique } = parseName(each.name)
    byUnique.set(unique, [...(byUnique.get(unique) ?? []), each])
  }
  const found = [...byUnique.values()].map((names) =>
    names.flatMap(({ place, name }): Name[] => {
      const stats = statOf(checking, place, name)
      return stats === undefined ? [] : [{ place, name, stats }]
    }),
  )
  return found.filter((names) => names.length > 1)
}

/** Where the journal wants it; undefined when the file is no message. */
function wantedPlace({ queueDir }: Checking, { place, name }: Name): Place | undefined {
  try {
    const file = openQueueFile(folderPath(queueDir, place, name))
    if (!file.ok) return undefined
    file.content.close()
    const wanted = restingPlace(messageState(file.meta, readJournal(queueDir, parseName(name).unique)))
    return wanted === 'done' ? 'new' : wanted
  } catch {
    return undefined
  }
}

function chooseKept(checking: Checking, names: readonly Name[]): Name | undefined {
  // One that a process has claimed is never touched.
  const claimed = names.find(({ place }) => place === 'cur')
  if (claimed !== undefined) return claimed
  const right = names.filter((each) => wantedPlace(checking, each) === each.place)
  const [oldest] = (right.length > 0 ? right : names).toSorted((a, b) => a.stats.mtimeMs - b.stats.mtimeMs)
  return oldest
}

async function dropName(path: string, folder: string): Promise<boolean> {
  try {
    await unlinkFile(path)
    await syncDirectory(folder)
    return true
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false
    throw queueError(error, 'cannot remove the second name', path)
  }
}

function asFinding({ queueDir }: Checking, { place, name, stats }: Name, kept: Name): Finding {
  const path = folderPath(queueDir, place, name)
  const other = `${kept.place}/${kept.name}`
  // Of several claims of one message nobody can say from here whose it is.
  if (place === 'cur') return { path, what: `is the same message as ${other}, and claimed`, cure: undefined }
  if (stats.ino === kept.stats.ino && stats.dev === kept.stats.dev) {
    const mend = () => dropName(path, folderPath(queueDir, place))
    return { path, what: `is a second name of ${other}`, cure: 'removed', mend }
  }
  const why = `it has the same unique name as ${other}`
  const mend = async () => quarantine(queueDir, place, name, why) !== undefined
  return { path, what: `has the same unique name as ${other}`, cure: 'moved to corrupt/', mend }
}

/** Messages that are in the queue twice. */
export async function* checkDoubles(checking: Checking): AsyncGenerator<Finding> {
  const repeated = await repeatedIds(checking.queueDir)
  if (repeated.size === 0) return
  for (const names of await groups(checking, repeated)) {
    const kept = chooseKept(checking, names)
    if (kept === undefined) continue
    for (const each of names) if (each !== kept) yield asFinding(checking, each, kept)
  }
}
