/**
 * From the drop into the queue, so that a message is never lost and never there twice. It is copied and not renamed: its
 * writer may have the file open still. Between the copy and the removal of the dropped file the copy lies in taken/ of the
 * queue, where no run looks.
 *
 * The process dies                     what is left                     the next one that takes over
 * while it copies                      the dropped file                 copies it
 * once the copy is in taken/           the dropped file and the copy    writes the same copy again and goes on
 * once the dropped file is removed     the copy in taken/               renames it into new/
 * after that                           the message in new/              has nothing to do
 *
 * Each step is on stable storage before the next. What lies in taken/ is whole, and leaves it by the rename.
 */
import { chownSync, closeSync, existsSync, mkdirSync, readdirSync, renameSync, unlinkSync } from 'node:fs'
import { errnoOf, queueError } from '../errors/errno.ts'
import type { MessageContent } from '../message/content.ts'
import { createExclusive, foreignOwner, syncDirectory, syncFile, writeAll } from '../util/durable-file.ts'
import { DEFAULT_ACCOUNT } from '../config/account-name.ts'
import type { Clock } from '../util/clock.ts'
import { dropId, parseDropName } from './drop-name.ts'
import { DEFAULT_PRIORITY, formatName, newUnique, uniqueOf } from './entry-name.ts'
import { ensureLayout, folderPath } from './layout.ts'
import { formatMetaBlock, type NewMeta } from './meta-block.ts'
import { openQueueFile } from './queue-file.ts'
import { unlinkIfThere } from './runner-record.ts'

/** A message to be stored in the place of a dropped file, or a report about it. */
export interface StagedMessage extends Omit<NewMeta, 'queuedAt'> {
  readonly content: MessageContent
}

/** What a message of ordinary users must not be more urgent than. */
const MOST_URGENT = DEFAULT_PRIORITY
/** `<name of the dropped file>+<part>`, or `!` for a report. */
const STAGED = /^(.+)([+!])(\d{1,4})$/

const folderOf = (queueDir: string): string => `${queueDir}/taken`

async function ensureFolder(queueDir: string): Promise<void> {
  await ensureLayout(queueDir)
  if (existsSync(folderOf(queueDir))) return
  try {
    mkdirSync(folderOf(queueDir), { mode: 0o700 })
    const owner = foreignOwner(queueDir)
    if (owner !== undefined) chownSync(folderOf(queueDir), owner.uid, owner.gid)
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error
  }
  await syncDirectory(queueDir)
}

async function writeCopy(path: string, { content, ...meta }: StagedMessage, now: number): Promise<void> {
  const head = formatMetaBlock({ ...meta, queuedAt: now })
  const fd = createExclusive(path)
  try {
    writeAll(fd, head)
    for await (const chunk of content.stream()) writeAll(fd, chunk as Buffer)
    await syncFile(fd)
  } finally {
    closeSync(fd)
  }
}

async function stageOne(queueDir: string, name: string, message: StagedMessage, clock: Clock): Promise<void> {
  const draft = folderPath(queueDir, 'tmp', newUnique(clock))
  try {
    await writeCopy(draft, message, clock.now())
    renameSync(draft, `${folderOf(queueDir)}/${name}`)
  } catch (error) {
    try {
      unlinkSync(draft)
    } catch {
      // In tmp/ the sweep finds it.
    }
    throw queueError(error, 'cannot copy a dropped message to', queueDir)
  }
}

/**
 * Copies what becomes of a dropped file into taken/. It is durable there after {@link syncStage}.
 *
 * @param drop the name of the dropped file
 * @param report true for a report in the place of the message
 * @returns the names in taken/
 * @throws MailError QUEUE_* when it cannot be stored; ADDRESS_INVALID, USAGE and the like for what cannot be a message
 */
export async function stage(
  queueDir: string,
  drop: string,
  messages: readonly StagedMessage[],
  { report, clock }: { readonly report: boolean; readonly clock: Clock },
): Promise<string[]> {
  await ensureFolder(queueDir)
  const names: string[] = []
  for (const [part, message] of messages.entries()) {
    const name = `${drop}${report ? '!' : '+'}${part}`
    await stageOne(queueDir, name, message, clock)
    names.push(name)
  }
  return names
}

/** Waits until what was staged is on stable storage. @throws MailError QUEUE_* */
export async function syncStage(queueDir: string): Promise<void> {
  await sync(folderOf(queueDir))
}

async function sync(path: string): Promise<void> {
  try {
    await syncDirectory(path)
  } catch (error) {
    throw queueError(error, 'cannot make a dropped message durable in', path)
  }
}

/**
 * Removes dropped files, durably. One that its owner took away, or put a directory in the place of, is fine.
 *
 * @throws MailError QUEUE_* when one cannot be removed; nothing of it may be published then
 */
export async function removeDropped(directory: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    try {
      unlinkSync(`${directory}/${name}`)
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT' && errnoOf(error) !== 'EISDIR')
        throw queueError(error, 'cannot remove a dropped message from', directory)
    }
  }
  await sync(directory)
}

/** The name that a staged message gets in new/; undefined for what is none. */
function finalName(
  queueDir: string,
  name: string,
): { readonly id: string; readonly name: string } | undefined {
  const [, drop = '', kind, part = ''] = STAGED.exec(name) ?? []
  const said = parseDropName(drop)
  const file = openQueueFile(`${folderOf(queueDir)}/${name}`)
  if (!file.ok) return undefined
  file.content.close()
  if (said === undefined) return undefined
  const { account, uid } = file.meta
  const id = dropId(uid ?? 0, drop, Number(part))
  const seconds = Math.floor(file.modified / 1000)
  const notBefore = kind === '!' || said.notBefore === undefined ? undefined : said.notBefore / 1000
  return {
    id: id.toUpperCase(),
    name: formatName({
      unique: uniqueOf(Math.floor(file.modified), id),
      nextAttempt: Math.max(seconds, notBefore ?? 0),
      priority: kind === '!' ? DEFAULT_PRIORITY : Math.max(MOST_URGENT, said.priority),
      account: account === DEFAULT_ACCOUNT ? undefined : account,
      notBefore,
    }),
  }
}

/**
 * Makes messages of what lies in taken/, durably.
 *
 * @returns the queue ids by the names; somebody else has published what is not there
 * @throws MailError QUEUE_*; what was not published stays in taken/
 */
export async function publish(
  queueDir: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const ids = new Map<string, string>()
  for (const name of names) {
    try {
      const final = finalName(queueDir, name)
      // What a disk has damaged is for the run to find, which keeps it in corrupt/ and says so.
      renameSync(`${folderOf(queueDir)}/${name}`, folderPath(queueDir, 'new', final?.name ?? name))
      if (final !== undefined) ids.set(name, final.id)
    } catch (error) {
      // Somebody else has published it.
      if (errnoOf(error) !== 'ENOENT')
        throw queueError(error, 'cannot publish a dropped message in', queueDir)
    }
  }
  if (names.length > 0) await sync(folderPath(queueDir, 'new'))
  return ids
}

/** What a process that died has left in taken/. */
export interface StageLeft {
  /** The dropped file is gone: names for {@link publish}. */
  readonly orphans: readonly string[]
  /** The dropped file is still there and is taken anew: names by its name, for {@link discardStale}. */
  readonly stale: ReadonlyMap<string, readonly string[]>
}

function stagedNames(queueDir: string): string[] {
  try {
    return readdirSync(folderOf(queueDir))
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return []
    throw queueError(error, 'cannot read', folderOf(queueDir))
  }
}

/**
 * Looks for what was left. Only to be called by the one who takes over, while nobody else does.
 *
 * @param directory the drop directory, which must be there: a file that cannot be seen counts as gone
 * @throws MailError QUEUE_* when taken/ cannot be read
 */
export function leftInStage(queueDir: string, directory: string): StageLeft {
  const orphans: string[] = []
  const stale = new Map<string, string[]>()
  for (const name of stagedNames(queueDir)) {
    const drop = STAGED.exec(name)?.[1]
    if (drop === undefined) continue
    if (existsSync(`${directory}/${drop}`)) stale.set(drop, [...(stale.get(drop) ?? []), name])
    else orphans.push(name)
  }
  return { orphans, stale }
}

/** Removes copies that a later decision about the same dropped file did not make again. */
export function discardStale(queueDir: string, stale: readonly string[], kept: readonly string[]): void {
  for (const name of stale) if (!kept.includes(name)) unlinkIfThere(`${folderOf(queueDir)}/${name}`)
}
