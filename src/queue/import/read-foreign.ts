/**
 * Reads the queue of another program, message by message. Reading changes nothing there. Whatever is not imported is
 * reported with the reason, and one bad file stops nothing; only a fault of this machine ends the reading.
 */
import { join } from 'node:path'
import { systemClock, type Clock } from '../../util/clock.ts'
import { faultOf, machineFault } from './foreign-file.ts'
import {
  readForeignMessage,
  type ForeignMessage,
  type ForeignOptions,
  type SkippedFile,
} from './foreign-message.ts'
import type { ForeignFormat, Spot } from './format.ts'
import { FOREIGN_FORMATS, type ForeignFormatName } from './formats.ts'
import { spotsOf } from './spots.ts'

/** One message to be enqueued, or one file that stays. */
export type ForeignItem = ForeignMessage | SkippedFile

/** See {@link ForeignOptions}. */
export interface ReadForeignOptions extends ForeignOptions {
  /** Tells whether a lock is a dead one; the clock of the machine when left out. */
  readonly clock?: Clock
}

/** What is at one place; undefined when it is nothing that anybody waits for. */
async function itemAt(
  spot: Spot,
  format: ForeignFormat,
  now: number,
  options: ForeignOptions,
): Promise<ForeignItem | undefined> {
  const source = join(spot.directory, spot.name)
  const skipped = (why: string): SkippedFile => ({ kind: 'skipped', source, why })
  try {
    const look = format.look(spot, now)
    if (look.kind === 'skip') return skipped(look.why)
    if (look.kind === 'read') return await readForeignMessage(spot, format, look, options)
    return spot.named === true ? skipped('it is not a message of such a queue') : undefined
  } catch (error) {
    const why = faultOf(error)
    if (why === undefined) throw machineFault(error, source)
    return skipped(why)
  }
}

/**
 * Reads a foreign queue. The program that owns it should not run meanwhile: not every one has locks.
 *
 * @param path the queue directory, one of its folders, or one file
 * @param name the format, as {@link FOREIGN_FORMATS} has it
 * @yields each message, whose content the caller closes, and each file that is skipped; in no order
 * @throws MailError INPUT_MISSING or INPUT_UNREADABLE when there is no such queue, QUEUE_* when this machine cannot
 *   go on; what was yielded before is whole
 */
export async function* readForeign(
  path: string,
  name: ForeignFormatName,
  options: ReadForeignOptions,
): AsyncGenerator<ForeignItem> {
  const format = FOREIGN_FORMATS[name]
  const clock = options.clock ?? systemClock
  for await (const spot of spotsOf(path, format.folders)) {
    const item = await itemAt(spot, format, clock.now(), options)
    if (item !== undefined) yield item
  }
}
