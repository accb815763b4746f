/**
 * The queue as one JSON object a line, with the names of postqueue -j. Only reads, and holds one message at a time.
 */
import type { ExitCode } from '../../errors/sysexits.ts'
import { systemClock } from '../../util/clock.ts'
import type { Terminal } from '../exit.ts'
import { printableJson } from '../printable.ts'
import type { Sight } from './context.ts'
import { messageRecord } from './record.ts'
import { newWalkLog, tellMissing, walkQueue, type Wanted } from './walk.ts'

/**
 * Prints the records.
 *
 * @throws MailError QUEUE_* when the queue cannot be read
 */
export async function listRecords(sight: Sight, wanted: Wanted, terminal: Terminal): Promise<ExitCode> {
  const log = newWalkLog()
  for await (const message of walkQueue(sight, wanted, log))
    terminal.print(printableJson(messageRecord(message, systemClock.now())))
  return tellMissing(log, terminal)
}
