/**
 * Which way mail goes into the queue, where the configuration has a drop directory (submit_dir):
 *
 *     who                                    way
 *     may write the queue (owner, root)      as without submit_dir: sent, or queued directly
 *     may not write the queue                dropped; the owner of the queue takes it over, logs it and sends it
 *
 * Who drops mail opens no log and runs no plug-in: whoever takes it over does.
 */
import { accessSync, constants } from 'node:fs'
import { dirname } from 'node:path'
import type { Config } from '../config/config.ts'
import { errnoOf } from '../errors/errno.ts'
import type { QueueStore } from '../queue/store.ts'

/** The drop in the place of the queue. */
export interface DropWay {
  readonly queue: QueueStore
  /** The configuration as it is for somebody who only drops. */
  readonly config: Config
}

/** Whether this user can make files in a directory; undefined when it is not there. */
function mayWrite(path: string): boolean | undefined {
  try {
    accessSync(path, constants.W_OK | constants.X_OK)
    return true
  } catch (error) {
    return errnoOf(error) === 'ENOENT' ? undefined : false
  }
}

/** A queue that is not there yet belongs to whoever may make it. */
function mayQueue(queueDir: string): boolean {
  const answers = [`${queueDir}/new`, queueDir, dirname(queueDir)].map(mayWrite)
  return answers.find((answer) => answer !== undefined) ?? true
}

/**
 * The drop, for a user who has to take this way.
 *
 * @returns undefined for everybody else
 */
export async function dropInstead(config: Config): Promise<DropWay | undefined> {
  const { submitDir: directory, queueDir, submitMaxSize: maxSize } = config
  if (directory === undefined || queueDir === undefined || mayQueue(queueDir)) return undefined
  const { DropStore } = await import('../queue/drop/store.ts')
  const silent = {
    log: undefined,
    deliveryLog: undefined,
    queueLog: undefined,
    webhook: undefined,
    plugins: [],
  } as const
  return {
    queue: new DropStore({ directory, queueDir, maxSize }),
    config: Object.freeze({ ...config, ...silent, spool: 'only' }),
  }
}
