/**
 * Looks through a whole queue for what a crash or a hand left. Finding changes nothing; each finding brings its own
 * cure. Safe beside runs: every cure is a rename or a removal that does nothing when somebody else was faster.
 */
import { requireQueue } from '../layout.ts'
import { checkDoubles } from './doubles.ts'
import type { Checking, Finding } from './finding.ts'
import { checkLeftovers } from './leftovers.ts'
import { checkMessages } from './messages.ts'
import { checkModes } from './modes.ts'

/**
 * Checks a queue, in the order in which things have to be mended.
 *
 * @param recover takes back what dead runners left
 * @throws MailError CONFIG_* when there is no such queue, QUEUE_* when it cannot be read
 */
export async function* checkQueue(checking: Checking, recover: () => Promise<void>): AsyncGenerator<Finding> {
  requireQueue(checking.queueDir)
  yield* checkModes(checking)
  yield* await checkLeftovers(checking, recover)
  const doubles = new Set<string>()
  for await (const finding of checkDoubles(checking)) {
    doubles.add(finding.path)
    yield finding
  }
  // What has gone by then is not looked at twice, also when nothing is mended.
  for await (const finding of checkMessages(checking)) if (!doubles.has(finding.path)) yield finding
}
