/**
 * The step about the drop directory: other users can put mail there, and only there, and somebody takes it over.
 */
import { constants } from 'node:fs'
import { requireOwnDrop, passesOnGroup, worksForOthers } from '../../queue/drop/directory.ts'
import { scanDrop } from '../../queue/drop/scan.ts'
import { senderRule } from '../../delivery/drop/sender.ts'
import { DROP_STALE } from '../../delivery/drop/waiting.ts'
import { ageText } from '../queue/quantity.ts'
import { faultOfQueue } from './queue.ts'
import type { Finding, Patient } from './step.ts'

/** Users can drop mail, and it is taken over. */
export async function lookAtDrop({ config, now }: Patient): Promise<Finding> {
  const { submitDir, queueDir } = config
  if (submitDir === undefined || queueDir === undefined)
    return { state: 'skipped', why: 'no drop directory is configured (submit_dir)' }
  try {
    const stats = requireOwnDrop(submitDir, queueDir)
    senderRule(config, [])
    const { count, oldest } = await scanDrop(submitDir, { now, most: 1, sweep: false })
    const mode = (stats.mode & ~constants.S_IFMT).toString(8)
    const waits = oldest === undefined ? 0 : now - oldest
    return {
      state: 'ok',
      says: `${submitDir}, mode ${mode}, ${count} messages wait`,
      facts: { directory: submitDir, mode, waiting: count },
      warnings: [
        ...(worksForOthers(stats)
          ? []
          : [`users cannot put files into ${submitDir}; chmod 3733 ${submitDir}`]),
        ...(passesOnGroup(stats)
          ? []
          : [`${submitDir} does not hand down its group, so dropped files can be read by all; chmod g+s it`]),
        ...(waits < DROP_STALE
          ? []
          : [`a dropped message waits for ${ageText(waits)}; run mq-run as the owner of the queue`]),
      ],
    }
  } catch (error) {
    return faultOfQueue(error, 'users cannot drop mail')
  }
}
