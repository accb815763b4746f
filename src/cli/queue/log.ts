/**
 * mq-queue log: what became of a message so far, event by event, as its journal has it.
 */
import type { TimedEvent } from '../../queue/journal/event.ts'
import { printableJson } from '../printable.ts'
import { findOne, openQueue, type QueueContext } from './context.ts'
import { vanished } from './show.ts'

const isoTime = (ms: number): string => new Date(ms).toISOString()

/** Whom an event is about. */
function recipientsOf(event: TimedEvent): readonly string[] {
  if ('recipient' in event) return [event.recipient]
  return 'recipients' in event ? event.recipients : []
}

/** What an event says beyond its name; a line that somebody else wrote may say nothing. */
function wordsOf(event: TimedEvent): string | undefined {
  switch (event.event) {
    case 'attempt':
      return event.counts ? 'counted' : 'not counted'
    case 'delivered':
      return event.reply
    case 'deferred':
    case 'failed':
      return event.reason
    case 'bounce':
    case 'delay-notice':
      return `the sender is told by ${event.report}`
    case 'told':
      return 'the application is told'
    case 'edit': {
      const sender = event.sender === undefined ? [] : [`sender ${event.sender === '' ? '<>' : event.sender}`]
      const added = (event.added ?? []).map((address) => `added ${address}`)
      return [...sender, ...added].join(', ')
    }
    case 'in-doubt':
    case 'expire':
    case 'cancel':
    case 'hold':
    case 'release':
    case 'retry':
    case 'requeue':
      return event.why
  }
}

/** One line for people: time, event, whom it is about, what was said, who did it. */
export function eventLine(event: TimedEvent): string {
  const recipients = recipientsOf(event).join(', ')
  const by = 'by' in event ? ` [${event.by}]` : ''
  const words = (wordsOf(event) ?? '').replaceAll(/\s+/g, ' ')
  const about = [recipients, recipients === '' || words === '' ? words : `(${words})`].filter(Boolean)
  return `${isoTime(event.time)}  ${event.event.padEnd(12)}  ${about.join(' ')}${by}`.trimEnd()
}

/** Adds the command. */
export function addLog(context: QueueContext): void {
  const { parent, terminal } = context
  parent
    .command('log')
    .description('show what became of a message so far')
    .argument('<id>', 'queue id')
    .option('--json', 'the events as they are stored, one JSON object a line')
    .action(async (id: string, { json }: { json?: true }) => {
      const store = await openQueue(context)
      const entry = await findOne(store, id)
      const message = await store.describe(entry)
      const events = await store.history(entry)
      if (message === undefined) throw vanished(entry.id)
      if (json === true) {
        for (const { time, ...event } of events)
          terminal.print(printableJson({ time: isoTime(time), ...event }))
        return
      }
      const sender = message.envelope.sender === '' ? '<>' : message.envelope.sender
      terminal.print(`${isoTime(message.queuedAt)}  ${'queued'.padEnd(12)}  from ${sender}\n`)
      for (const event of events) terminal.print(`${eventLine(event)}\n`)
    })
}
