/** Waits until a queue that others work on holds what it should. */
import { queueContents, type QueueContents } from './queue-dir.ts'
import { until } from './until.ts'

/**
 * What the queue holds but for the runners, where two looks see the same: a file that moves from a folder which is still to
 * be read to one that was read already is in neither.
 */
function contentsOf(queueDir: string): string {
  const look = (): string => JSON.stringify({ ...queueContents(queueDir), runners: undefined })
  try {
    const contents = look()
    return contents === look() ? contents : 'moving'
  } catch {
    return 'moving'
  }
}

/** Waits until the queue holds exactly this, runners aside. */
export async function untilHolds(queueDir: string, contents: QueueContents): Promise<void> {
  const wanted = JSON.stringify(contents)
  await until(`the queue holds ${wanted}`, () => contentsOf(queueDir) === wanted)
}
