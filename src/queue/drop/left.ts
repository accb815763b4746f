/**
 * What others have left who took dropped files over: they died, or are slow. What becomes of a copy in taken/ is decided by what
 * lies in the drop, looked at after its taker:
 *
 * in the drop                        the taker            the copy
 * the taker's mark                   whoever it is        is the message: published, after which the mark goes
 * the file, not marked by the taker  ended for certain    removed: the file is copied anew
 *                                    may go on one day    stays until somebody else has got the file, then removed
 * neither                            lives                stays: the taker finds that it did not get the file
 *                                    does not             removed: another one got the file, or its owner took it away
 * neither, and the directory is another one than the copy is from,
 * or the copy names no taker         does not             published: rather twice than never
 *
 * A mark without copies is that of a message in the queue, and is removed once its taker does not live.
 */
import { statSync } from 'node:fs'
import { queueError } from '../../errors/errno.ts'
import { isInDrop, removeMarks } from './mark.ts'
import { markName, parseMark, parseStaged, runnerOf, stagedNames, takesFrom } from './taker-name.ts'
import { discard, publish } from './stage.ts'
import { thisProcess } from '../host.ts'
import { inspectRunner } from '../runner-record.ts'

/** Where dropped files are taken from, and to. */
export interface Taking {
  readonly queueDir: string
  /** The drop directory. */
  readonly directory: string
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** What was found. */
interface Left {
  /** Copies to be published. */
  readonly orphans: readonly string[]
  /** Copies to be removed. */
  readonly useless: readonly string[]
  /** Copies to be removed as soon as their file is somebody else's, by the name of the file. */
  readonly undecided: ReadonlyMap<string, readonly string[]>
}

type Fate = 'orphan' | 'useless' | 'undecided' | 'stays'
type State = 'lives' | 'silent' | 'ended'

/** How it stands with takers, each looked at once. */
function stateOfTakers({ queueDir, now }: Taking): (taker: string) => State {
  const self = thisProcess()
  const known = new Map<string, State>()
  return (taker) => {
    const state = known.get(taker)
    if (state !== undefined) return state
    const { alive, gone } = inspectRunner(queueDir, runnerOf(taker), self, now)
    const found = gone ? 'ended' : alive ? 'lives' : 'silent'
    known.set(taker, found)
    return found
  }
}

/** Whether this is the directory that a copy is from. */
function isFrom(directory: string, taker: string): boolean {
  try {
    return takesFrom(taker, statSync(directory))
  } catch (error) {
    throw queueError(error, 'cannot look at the drop directory', directory)
  }
}

/** The order counts: what has ended marks nothing any more, and a file becomes a mark and never the other way round. */
function fateOf(
  { directory }: Taking,
  drop: string,
  taker: string | undefined,
  stateOf: (taker: string) => State,
): Fate {
  const state = taker === undefined ? 'ended' : stateOf(taker)
  const isThere = isInDrop(directory, drop)
  if (taker !== undefined && isInDrop(directory, markName(drop, taker))) return 'orphan'
  if (isThere) return state === 'ended' ? 'useless' : 'undecided'
  if (state === 'lives') return 'stays'
  return taker !== undefined && isFrom(directory, taker) ? 'useless' : 'orphan'
}

function findLeft(taking: Taking): Left {
  const [orphans, useless]: [string[], string[]] = [[], []]
  const undecided = new Map<string, string[]>()
  const stateOf = stateOfTakers(taking)
  for (const name of stagedNames(taking.queueDir)) {
    const staged = parseStaged(name)
    if (staged === undefined) continue
    const { drop, taker } = staged
    const fate = fateOf(taking, drop, taker, stateOf)
    if (fate === 'orphan') orphans.push(name)
    if (fate === 'useless') useless.push(name)
    if (fate === 'undecided') undecided.set(drop, [...(undecided.get(drop) ?? []), name])
  }
  return { orphans, useless, undecided }
}

/** Those of marks, seen before, that nobody needs. All copies of a taker are there before its mark is. */
function finishedMarks(taking: Taking, marks: readonly string[]): string[] {
  if (marks.length === 0) return []
  const stateOf = stateOfTakers(taking)
  const dead = marks.filter((mark) => {
    const taker = parseMark(mark)?.taker
    return taker !== undefined && stateOf(taker) !== 'lives'
  })
  const needed = new Set(stagedNames(taking.queueDir).flatMap(markOf))
  return dead.filter((mark) => !needed.has(mark))
}

/** The mark of whoever made a copy. */
function markOf(name: string): string[] {
  const { drop, taker } = parseStaged(name) ?? {}
  return drop === undefined || taker === undefined ? [] : [markName(drop, taker)]
}

/**
 * Whether others have left something that can be finished now.
 *
 * @param marks what lies in the drop
 * @throws MailError QUEUE_* when nobody can tell
 */
export function isAnythingLeft(taking: Taking, marks: readonly string[]): boolean {
  if (finishedMarks(taking, marks).length > 0) return true
  const { orphans, useless } = findLeft(taking)
  return orphans.length > 0 || useless.length > 0
}

/**
 * Finishes what others have begun. It may be done by several at the same time.
 *
 * @param marks what lies in the drop
 * @returns copies to be removed as soon as their file is somebody else's, by the name of the file
 * @throws MailError QUEUE_*; what was not finished stays
 */
export async function finishLeft(taking: Taking, marks: readonly string[]): Promise<Left['undecided']> {
  const { queueDir, directory } = taking
  const { orphans, useless, undecided } = findLeft(taking)
  await publish(queueDir, orphans)
  discard(queueDir, useless)
  removeMarks(directory, finishedMarks(taking, [...new Set([...marks, ...orphans.flatMap(markOf)])]))
  return undecided
}
