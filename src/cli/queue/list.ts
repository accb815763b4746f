/**
 * mq-queue list: the messages in the queue, as text in the shape of mailq or as one JSON object a line. Streams:
 * with --limit the first lines of a large queue are there at once.
 */
import type { ExitCode } from '../../errors/sysexits.ts'
import { systemClock } from '../../util/clock.ts'
import type { Terminal } from '../exit.ts'
import { printableJson } from '../printable.ts'
import { sightQueue, type QueueContext, type Sight } from './context.ts'
import { listQueue } from './listing.ts'
import { messageRecord } from './record.ts'
import { addFilters, placesOf, readCount, selectorNow, type FilterOptions } from './selection.ts'
import { newWalkLog, tellMissing, walkQueue, type Wanted } from './walk.ts'

interface ListOptions extends FilterOptions {
  readonly failed?: true
  readonly all?: true
  readonly limit?: string
  readonly json?: true
}

async function printRecords(sight: Sight, wanted: Wanted, terminal: Terminal): Promise<ExitCode> {
  const log = newWalkLog()
  for await (const message of walkQueue(sight, wanted, log))
    terminal.print(printableJson(messageRecord(message, systemClock.now())))
  return tellMissing(log, terminal)
}

/** Adds the command. */
export function addList(context: QueueContext): void {
  const { parent, terminal, done } = context
  const command = parent
    .command('list')
    .description('list the messages in the queue')
    .option('--failed', 'the failed messages instead of the waiting ones')
    .option('--all', 'the failed messages as well as the waiting ones')
    .option('--limit <n>', 'not more than so many')
    .option('--json', 'one JSON object a line, with the names of postqueue -j')
    .action(async (options: ListOptions) => {
      const wanted = {
        places: placesOf(options),
        selects: selectorNow(options),
        limit: options.limit === undefined ? undefined : readCount('--limit', options.limit),
      }
      const list = options.json === true ? printRecords : listQueue
      done(await list(await sightQueue(context), wanted, terminal))
    })
  addFilters(command)
}
