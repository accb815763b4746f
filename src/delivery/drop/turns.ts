/**
 * In which order users are served who have dropped mail: each has one message taken before anybody has a second one, and who
 * was served least in earlier rounds comes first. So thousands of files of one user cost another one message of waiting.
 */

/** A file that is next. */
export interface Turn {
  readonly uid: number
  readonly name: string
}

/**
 * The order of a round.
 *
 * @param byUser names of files, the oldest of each user first
 * @param served how many files of each user were taken before
 * @param most files in the round
 */
export function inTurns(
  byUser: ReadonlyMap<number, readonly string[]>,
  served: ReadonlyMap<number, number>,
  most: number,
): Turn[] {
  const users = [...byUser].toSorted(([one], [other]) => (served.get(one) ?? 0) - (served.get(other) ?? 0))
  const turns: Turn[] = []
  for (let place = 0; turns.length < most; place += 1) {
    const row = users.flatMap(([uid, names]) => {
      const name = names[place]
      return name === undefined ? [] : [{ uid, name }]
    })
    if (row.length === 0) return turns
    turns.push(...row)
  }
  return turns.slice(0, most)
}
