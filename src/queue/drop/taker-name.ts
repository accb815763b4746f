/**
 * Names that say who takes a dropped file over. A _taker_ is a runner and the directory that it takes from,
 * `<runner>i<inode>`: a copy of its in taken/ of the queue is `<dropped file>+<part>.<taker>`, or `!` for a report, and the
 * dropped file that it got is the _mark_ `.<dropped file>.<taker>` in the drop. Each take-over is another runner, so no
 * two of them ever have a name in common. Copies of earlier versions name no taker.
 */
import { readdirSync, type Stats } from 'node:fs'
import { errnoOf, queueError } from '../../errors/errno.ts'

const STAGED = /^(.+)([+!])(\d{1,4})(?:\.(p\d+r[0-9a-f]{8}i[0-9a-z]+))?$/
const MARK = /^\.(.+)\.(p\d+r[0-9a-f]{8}i[0-9a-z]+)$/

/** A copy in taken/, as its name says. */
export interface StagedName {
  /** The name of the dropped file. */
  readonly drop: string
  /** A report in the place of the message. */
  readonly report: boolean
  readonly part: number
  /** Undefined in copies of earlier versions. */
  readonly taker: string | undefined
}

const inodeOf = (directory: Pick<Stats, 'ino'>): string => directory.ino.toString(36)

/**
 * Names the one who takes over.
 *
 * @param runner its lease
 * @param directory the drop directory
 */
export function takerName(runner: string, directory: Pick<Stats, 'ino'>): string {
  return `${runner}i${inodeOf(directory)}`
}

/** The lease of a taker. */
export function runnerOf(taker: string): string {
  return taker.slice(0, taker.indexOf('i'))
}

/** Whether this is the directory that a taker takes from. */
export function takesFrom(taker: string, directory: Pick<Stats, 'ino'>): boolean {
  return taker === takerName(runnerOf(taker), directory)
}

/** The folder of the copies. */
export const stageFolder = (queueDir: string): string => `${queueDir}/taken`

/** The name of a copy. */
export function stagedName({ drop, report, part, taker }: StagedName): string {
  return `${drop}${report ? '!' : '+'}${part}${taker === undefined ? '' : `.${taker}`}`
}

/** Reads the name of a copy; undefined for what is none. */
export function parseStaged(name: string): StagedName | undefined {
  const [whole, drop = '', kind, part, taker] = STAGED.exec(name) ?? []
  return whole === undefined ? undefined : { drop, report: kind === '!', part: Number(part), taker }
}

/** The name of a mark. */
export function markName(drop: string, taker: string): string {
  return `.${drop}.${taker}`
}

/** Reads the name of a mark; undefined for what is none. */
export function parseMark(name: string): { readonly drop: string; readonly taker: string } | undefined {
  const [whole, drop = '', taker = ''] = MARK.exec(name) ?? []
  return whole === undefined ? undefined : { drop, taker }
}

/**
 * What lies in taken/.
 *
 * @throws MailError QUEUE_* when it cannot be read
 */
export function stagedNames(queueDir: string): string[] {
  try {
    return readdirSync(stageFolder(queueDir))
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return []
    throw queueError(error, 'cannot read', stageFolder(queueDir))
  }
}

/** The runners whose copies lie in taken/. @throws MailError QUEUE_* when it cannot be read */
export function takersLeft(queueDir: string): ReadonlySet<string> {
  const takers = stagedNames(queueDir).flatMap((name) => parseStaged(name)?.taker ?? [])
  return new Set(takers.map(runnerOf))
}
