/**
 * mq-queue list: the messages in the queue, as text in the shape of mailq or as one JSON object a line. Streams:
 * with --limit the first lines of a large queue are there at once.
 */
import { sightQueue, type QueueContext } from './context.ts'
import { listQueue } from './listing.ts'
import { listRecords } from './records.ts'
import { addFilters, placesOf, readCount, selectorNow, type FilterOptions } from './selection.ts'

interface ListOptions extends FilterOptions {
  readonly failed?: true
  readonly all?: true
  readonly limit?: string
  readonly json?: true
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
      const list = options.json === true ? listRecords : listQueue
      done(await list(await sightQueue(context), wanted, terminal))
    })
  addFilters(command)
}
