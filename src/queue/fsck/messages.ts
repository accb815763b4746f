/**
 * Each file in new/, hold/ and failed/: is it a message, and does its journal agree that it is in the right place?
 * Whoever moves a message renames it, so a rename here never takes one away from a delivery: one of the two finds
 * nothing and goes on. In new/ everything may lie that the next run is to look at.
 */
import { readFileSync } from 'node:fs'
import { errnoOf, queueError } from '../../errors/errno.ts'
import { syncDirectory } from '../../util/durable-file.ts'
import { isTooLong, parseName } from '../entry-name.ts'
import { parseJournal } from '../journal/event.ts'
import { journalPath } from '../journal/journal.ts'
import { folderPath } from '../layout.ts'
import { isGone, moveMessage, type Destination } from '../move.ts'
import { quarantine } from '../quarantine.ts'
import { fileFault, isFileFault, openQueueFile } from '../queue-file.ts'
import { messageState, restingPlace } from '../journal/recipient-state.ts'
import { scanNames } from '../scan.ts'
import type { Checking, Finding } from './finding.ts'

type Folder = Destination['folder']
const FOLDERS: readonly Folder[] = ['new', 'hold', 'failed']

const PLACE_WORDS = {
  new: 'is still to be sent',
  hold: 'is held',
  failed: 'has failed',
  done: 'is finished',
} as const

const UNREADABLE_NAME = 'has a name that is not UTF-8, so it is never tried; give it another'

function notAMessage({ queueDir }: Checking, folder: Folder, name: string, why: string): Finding {
  return {
    path: folderPath(queueDir, folder, name),
    what: `is no message: ${why}`,
    cure: 'moved to corrupt/',
    mend: async () => quarantine(queueDir, folder, name, why) !== undefined,
  }
}

async function move(queueDir: string, from: Folder, name: string, to: Folder): Promise<boolean> {
  try {
    moveMessage(folderPath(queueDir, from, name), { queueDir, folder: to, entry: parseName(name) })
  } catch (error) {
    if (isGone(error)) return false
    throw error
  }
  await syncDirectory(folderPath(queueDir, to))
  await syncDirectory(folderPath(queueDir, from))
  return true
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return ''
    throw queueError(error, 'cannot read the journal', path)
  }
}

/** Where a message ought to be instead; undefined when it is right where it is. */
function betterPlace(folder: Folder, belongs: keyof typeof PLACE_WORDS): Folder | undefined {
  if (folder === 'new') return belongs === 'hold' ? 'hold' : undefined
  if (belongs === folder) return undefined
  // What lies in hold/ is held, whoever put it there.
  if (folder === 'hold' && belongs === 'new') return undefined
  // From new/ the next run makes the reports that are owed, and puts it where it belongs.
  return folder === 'failed' && belongs === 'hold' ? 'hold' : 'new'
}

type Meta = Parameters<typeof messageState>[0]

function* checkJournal({ queueDir }: Checking, folder: Folder, name: string, meta: Meta): Generator<Finding> {
  const path = journalPath(queueDir, parseName(name).unique)
  const text = readText(path)
  const events = parseJournal(text)
  const torn = text.split('\n').filter((line) => line !== '').length - events.length
  if (torn > 0) {
    const what = `has ${torn} line${torn === 1 ? '' : 's'} that ${torn === 1 ? 'is' : 'are'} torn or not known`
    yield { path, what, cure: undefined, harmless: true }
  }
  const belongs = restingPlace(messageState(meta, events))
  const to = betterPlace(folder, belongs)
  if (to === undefined) return
  yield {
    path: folderPath(queueDir, folder, name),
    what: `${PLACE_WORDS[belongs]}, says its journal`,
    cure: `moved to ${to}/`,
    mend: () => move(queueDir, folder, name, to),
  }
}

function* checkFile(checking: Checking, folder: Folder, name: string): Generator<Finding> {
  const path = folderPath(checking.queueDir, folder, name)
  if (isTooLong(name)) {
    yield notAMessage(checking, folder, name, 'its name is too long')
    return
  }
  let file
  try {
    file = openQueueFile(path)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') {
      // A name that is not UTF-8 is read as one that is not there: no run would ever say so.
      if (name.includes('\ufffd')) yield { path, what: UNREADABLE_NAME, cure: undefined }
      return
    }
    if (!isFileFault(error)) throw queueError(error, 'cannot read', path)
    const why = fileFault(error)
    if (errnoOf(error) === 'EACCES') yield { path, what: `cannot be read: ${why}`, cure: undefined }
    else yield notAMessage(checking, folder, name, why)
    return
  }
  if (!file.ok) {
    yield notAMessage(checking, folder, name, file.why)
    return
  }
  file.content.close()
  yield* checkJournal(checking, folder, name, file.meta)
}

/** Files that are no messages, and messages in the wrong place. */
export async function* checkMessages(checking: Checking): AsyncGenerator<Finding> {
  for (const folder of FOLDERS) {
    for await (const { name } of scanNames(checking.queueDir, folder)) {
      yield* checkFile(checking, folder, name)
    }
  }
}
