/**
 * What processes that died have left: claims, their files in runners/, drafts in tmp/, journals without a message.
 * All of it is cleared by the recovery that each run makes; here it is named, and looked after whether it is gone.
 */
import { existsSync } from 'node:fs'
import { MailError } from '../../errors/mail-error.ts'
import { parseName, runnerOf } from '../entry-name.ts'
import { foreignClaimIsDead } from '../foreign-claim.ts'
import { thisProcess } from '../host.ts'
import { folderPath } from '../layout.ts'
import { inspectRunner, isRunnerFile } from '../runner-record.ts'
import { scanNames } from '../scan.ts'
import { orphanJournals, tmpLeftovers } from '../sweep.ts'
import type { Checking, Finding } from './finding.ts'

/** Recovers everything; called for the first leftover only. */
type Recover = () => Promise<void>

function leftover(path: string, what: string, cure: string, recover: Recover): Finding {
  const mend = async (): Promise<boolean> => {
    await recover()
    if (!existsSync(path)) return true
    throw new MailError(
      'QUEUE_BUSY',
      `${path} cannot be cleared away while others work on the queue; try again`,
    )
  }
  return { path, what, cure, mend }
}

async function* deadClaims({ queueDir, now }: Checking, recover: Recover): AsyncGenerator<Finding> {
  const self = thisProcess()
  for await (const { name } of scanNames(queueDir, 'cur')) {
    const { claim } = parseName(name)
    const isDead =
      claim === undefined
        ? foreignClaimIsDead(queueDir, name, now)
        : !inspectRunner(queueDir, runnerOf(claim), self, now).alive
    if (!isDead) continue
    yield leftover(
      folderPath(queueDir, 'cur', name),
      'is claimed by a process that is gone',
      'taken back',
      recover,
    )
  }
}

async function* deadRunners({ queueDir, now }: Checking, recover: Recover): AsyncGenerator<Finding> {
  const self = thisProcess()
  for await (const { name } of scanNames(queueDir, 'runners')) {
    if (!isRunnerFile(name) || inspectRunner(queueDir, name, self, now).alive) continue
    const path = folderPath(queueDir, 'runners', name)
    yield leftover(path, 'is the file of a process that is gone', 'removed', recover)
  }
}

async function* each(checking: Checking, recover: Recover): AsyncGenerator<Finding> {
  const { queueDir, now } = checking
  yield* deadClaims(checking, recover)
  yield* deadRunners(checking, recover)
  for await (const path of tmpLeftovers(queueDir, now)) {
    yield leftover(path, 'is what a process that died was writing', 'removed', recover)
  }
  for (const path of await orphanJournals(queueDir, now)) {
    yield leftover(path, 'is the journal of a message that is gone', 'removed', recover)
  }
}

/** What dead processes left. All of it is found first, because mending the first mends all. */
export async function checkLeftovers(checking: Checking, recover: Recover): Promise<Finding[]> {
  const found: Finding[] = []
  for await (const finding of each(checking, recover)) found.push(finding)
  return found
}
