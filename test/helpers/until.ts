/**
 * Waiting for something that nobody tells of and that is only seen by looking. What does not happen in time fails the test
 * in words.
 */
import { setTimeout as pause } from 'node:timers/promises'

/** Between two looks, in milliseconds. */
const GLANCE = 5
/** Until a wait is given up, in milliseconds: before the test is. */
const PATIENCE = 50_000

/**
 * Waits.
 *
 * @param what it is, for the failure
 * @param happened one look
 * @param patience milliseconds
 */
export async function until(
  what: string,
  happened: () => boolean | Promise<boolean>,
  patience = PATIENCE,
): Promise<void> {
  const end = Date.now() + patience
  while (!(await happened())) {
    if (Date.now() > end) throw new Error(`waited in vain: ${what}`)
    await pause(GLANCE)
  }
}
