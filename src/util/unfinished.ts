/**
 * Work that this process must bring to its end even when nobody waits for the result any more, since something of worth
 * would be lost half way. Each piece has a time limit of its own.
 */

const underWay = new Set<Promise<unknown>>()

/** Has the process wait for the work before it ends. @returns the same work */
export function mustFinish<T>(work: Promise<T>): Promise<T> {
  underWay.add(work)
  const done = (): void => void underWay.delete(work)
  work.then(done, done)
  return work
}

const lastThings: (() => Promise<void> | void)[] = []

/**
 * Has the process do something when everything else is done; what is asked for last is done first, since it may need what
 * was there before. It must not fail, nor take long.
 */
export function atTheEnd(work: () => Promise<void> | void): void {
  lastThings.push(work)
}

/** Waits until nothing is left to do. */
export async function allFinished(): Promise<void> {
  await nothingUnderWay()
  for (const work of lastThings.splice(0).reverse()) await work()
}

async function nothingUnderWay(): Promise<void> {
  while (underWay.size > 0) await Promise.allSettled(underWay)
}
