/**
 * mq-queue show: one message for people (envelope, the state of each recipient, and what a mail program would show)
 * or as one JSON object. Control characters of a message never reach the terminal.
 */
import { readSuspended, shownSuspended } from '../../delivery/suspension.ts'
import { MailError } from '../../errors/mail-error.ts'
import type { MessageContent } from '../../message/content.ts'
import { fieldText, MAX_HEADER_BYTES, splitHeader } from '../../message/header-block.ts'
import type { RecipientState } from '../../queue/journal/recipient-state.ts'
import type { QueueEntry, QueuedMessage, QueueStore } from '../../queue/store.ts'
import { systemClock } from '../../util/clock.ts'
import type { Terminal } from '../exit.ts'
import { printableJson } from '../printable.ts'
import { findOne, openQueue, type QueueContext } from './context.ts'
import { messageRecord, PLACE_WORD } from './record.ts'
import { readForPeople } from './readable-message.ts'

function recipientLine(state: RecipientState): string {
  // Most replies begin with their codes; the first of several lines has a hyphen in between.
  const codes = [state.code, state.enhanced].filter((code) => code !== undefined).join(' ')
  const said = state.reason ?? ''
  const words = said.replace(/^(\d{3})-/, '$1 ').startsWith(codes) ? said : `${codes} ${said}`
  const remote = state.remoteId === undefined ? '' : ` as ${state.remoteId}`
  return `  ${state.recipient}: ${state.status}${remote}${words === '' ? '' : ` (${words})`}`
}

const time = (ms: number | undefined): string => (ms === undefined ? 'never' : new Date(ms).toISOString())

/** What the queue knows of a message, for people; lines without a fact are left out. */
export function envelopeText(message: QueuedMessage): string {
  const { place, expires, batch } = message
  const state = place === 'cur' ? 'being delivered' : PLACE_WORD[place]
  const facts: readonly (readonly [string, string | number | undefined])[] = [
    ['Queue id', message.id],
    ['State', state],
    ['Held because', message.held],
    ['File', message.key],
    ['Sender', message.envelope.sender === '' ? '<>' : message.envelope.sender],
    ['Account', message.account],
    ['Batch', batch],
    ['Dropped by', message.uid],
    ['Queued', time(message.queuedAt)],
    ['Not before', message.notBefore === undefined ? undefined : time(message.notBefore)],
    ['Next attempt', place === 'new' ? time(message.nextAttempt) : undefined],
    ['Last attempt', time(message.lastAttempt)],
    ['Attempts', message.attempts],
    ['Expires', expires === undefined ? undefined : time(expires)],
    ['Size', message.size],
  ]
  const lines = facts.flatMap(([name, value]) =>
    value === undefined ? [] : [`${`${name}:`.padEnd(15)}${value}`],
  )
  return `${[...lines, 'Recipients:', ...message.recipients.map(recipientLine)].join('\n')}\n`
}

/** That a message was there a moment ago. */
export function vanished(id: string): MailError {
  return new MailError(
    'INPUT_MISSING',
    `${id} cannot be shown: it was just delivered or is no queued message`,
  )
}

/** Enough of a message to have its whole header in it. */
async function beginningOf(content: MessageContent): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  const stream: AsyncIterable<Buffer> = content.stream()
  for await (const chunk of stream) {
    chunks.push(chunk)
    size += chunk.length
    if (size >= MAX_HEADER_BYTES || chunk.includes('\r\n\r\n')) break
  }
  return Buffer.concat(chunks).subarray(0, MAX_HEADER_BYTES)
}

async function showJson(message: QueuedMessage, content: MessageContent, terminal: Terminal): Promise<void> {
  const { header } = splitHeader(await beginningOf(content))
  const headers = header.all.map((field) => ({ name: field.name, value: fieldText(field) }))
  terminal.print(printableJson({ ...messageRecord(message, systemClock.now()), headers }))
}

async function show(store: QueueStore, entry: QueueEntry, terminal: Terminal, json: boolean): Promise<void> {
  const found = await store.describe(entry)
  const content = await store.content(entry)
  if (found === undefined || content === undefined) {
    content?.close()
    throw vanished(entry.id)
  }
  try {
    const message = shownSuspended(found, await readSuspended(store))
    if (json) await showJson(message, content, terminal)
    else terminal.print(`${envelopeText(message)}\n${await readForPeople(content.stream(), content.size)}`)
  } finally {
    content.close()
  }
}

/** Adds the command. */
export function addShow(context: QueueContext): void {
  const { parent, terminal } = context
  parent
    .command('show')
    .description('show a message: envelope, state of each recipient and content')
    .argument('<id>', 'queue id')
    .option('--json', 'as one JSON object: that of list, and the header fields')
    .action(async (id: string, { json }: { json?: true }) => {
      const store = await openQueue(context)
      await show(store, await findOne(store, id), terminal, json === true)
    })
}
