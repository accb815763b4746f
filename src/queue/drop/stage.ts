/**
 * From the drop into the queue, so that a message is never lost and never there twice, whoever dies and however many take over
 * at the same time. It is copied and not renamed: its writer may have the file open still. The copy lies in taken/ of the
 * queue, where no run looks, under a name that no other taker has, until its taker has got the file (mark.ts).
 *
 * The process dies                     what is left                     the next one that takes over
 * while it copies                      the dropped file                 copies it
 * once the copy is in taken/           the dropped file and the copy    removes the copy and copies the file anew
 * once the file is marked              the mark and the copy            renames the copy into new/, removes the mark
 * once the copy is in new/             the mark and the message         removes the mark
 * after that                           the message in new/              has nothing to do
 *
 * Who copies and finds the file gone, without a mark of his own, removes his copy: it is the message of another one, or
 * nobody's. What becomes of copies of a taker that died or hangs says left.ts.
 *
 * Each step is on stable storage before the next. What lies in taken/ is whole, and leaves it as a message by a rename.
 */
import { closeSync, existsSync, mkdirSync, renameSync, unlinkSync } from 'node:fs'
import { errnoOf, queueError } from '../../errors/errno.ts'
import type { MessageContent } from '../../message/content.ts'
import { createExclusive, giveToOwner, syncDirectory, syncFile, writeAll } from '../../util/durable-file.ts'
import { DEFAULT_ACCOUNT } from '../../config/account-name.ts'
import type { Clock } from '../../util/clock.ts'
import { syncTaking } from './mark.ts'
import { dropId, parseDropName } from './name.ts'
import { parseStaged, stagedName, stageFolder } from './taker-name.ts'
import { DEFAULT_PRIORITY, formatName, newUnique, uniqueOf } from '../entry-name.ts'
import { ensureLayout, folderPath } from '../layout.ts'
import { formatMetaBlock, type NewMeta } from '../meta-block.ts'
import { openQueueFile } from '../queue-file.ts'
import { unlinkIfThere } from '../runner-record.ts'

/** A message to be stored in the place of a dropped file, or a report about it. */
export interface StagedMessage extends Omit<NewMeta, 'queuedAt'> {
  readonly content: MessageContent
}

/** What a message of ordinary users must not be more urgent than. */
const MOST_URGENT = DEFAULT_PRIORITY

async function ensureFolder(queueDir: string): Promise<void> {
  await ensureLayout(queueDir)
  if (existsSync(stageFolder(queueDir))) return
  try {
    mkdirSync(stageFolder(queueDir), { mode: 0o700 })
    giveToOwner(stageFolder(queueDir), queueDir)
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
    renameSync(draft, `${stageFolder(queueDir)}/${name}`)
  } catch (error) {
    try {
      unlinkSync(draft)
    } catch {
      // In tmp/ the sweep finds it.
    }
    throw queueError(error, 'cannot copy a dropped message to', queueDir)
  }
}

/** Who copies a dropped file, and what of it. */
export interface Staging {
  /** The name of the dropped file. */
  readonly drop: string
  readonly taker: string
  /** A report in the place of the message. */
  readonly report: boolean
  readonly clock: Clock
}

/**
 * Copies what becomes of a dropped file into taken/. It is durable there after {@link syncStage}.
 *
 * @returns the names in taken/; nothing is there when it fails
 * @throws MailError QUEUE_* when it cannot be stored; ADDRESS_INVALID, USAGE and the like for what cannot be a message
 */
export async function stage(
  queueDir: string,
  messages: readonly StagedMessage[],
  { clock, ...staging }: Staging,
): Promise<string[]> {
  await ensureFolder(queueDir)
  const names: string[] = []
  try {
    for (const [part, message] of messages.entries()) {
      const name = stagedName({ ...staging, part })
      await stageOne(queueDir, name, message, clock)
      names.push(name)
    }
    return names
  } catch (error) {
    discard(queueDir, names)
    throw error
  }
}

/** Waits until what was staged is on stable storage. @throws MailError QUEUE_* */
export async function syncStage(queueDir: string): Promise<void> {
  await syncTaking(stageFolder(queueDir))
}

/** The name that a staged message gets in new/; undefined for what is none. */
function finalName(
  queueDir: string,
  name: string,
): { readonly id: string; readonly name: string } | undefined {
  const { drop, part, report } = parseStaged(name) ?? { drop: '', part: 0, report: false }
  const said = parseDropName(drop)
  const file = openQueueFile(`${stageFolder(queueDir)}/${name}`)
  if (!file.ok) return undefined
  file.content.close()
  if (said === undefined) return undefined
  const { account, uid } = file.meta
  const id = dropId(uid ?? 0, drop, part)
  const seconds = Math.floor(file.modified / 1000)
  const notBefore = report || said.notBefore === undefined ? undefined : said.notBefore / 1000
  return {
    id: id.toUpperCase(),
    name: formatName({
      unique: uniqueOf(Math.floor(file.modified), id),
      nextAttempt: Math.max(seconds, notBefore ?? 0),
      priority: report ? DEFAULT_PRIORITY : Math.max(MOST_URGENT, said.priority),
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
      renameSync(`${stageFolder(queueDir)}/${name}`, folderPath(queueDir, 'new', final?.name ?? name))
      if (final !== undefined) ids.set(name, final.id)
    } catch (error) {
      // Somebody else has published it.
      if (errnoOf(error) !== 'ENOENT')
        throw queueError(error, 'cannot publish a dropped message in', queueDir)
    }
  }
  if (names.length > 0) await syncTaking(folderPath(queueDir, 'new'))
  return ids
}

/** Removes copies that are no message's. @throws MailError QUEUE_* */
export function discard(queueDir: string, names: readonly string[]): void {
  for (const name of names) {
    try {
      unlinkIfThere(`${stageFolder(queueDir)}/${name}`)
    } catch (error) {
      throw queueError(error, 'cannot remove a copy of a dropped message from', queueDir)
    }
  }
}
