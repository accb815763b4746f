/**
 * Shows one message for people: envelope, the state of each recipient, and what a mail program would show.
 * Control characters of a message never reach the terminal.
 */
import { MailError } from '../errors/mail-error.ts'
import type { RecipientState } from '../queue/recipient-state.ts'
import type { QueueEntry, QueuedMessage, QueueStore } from '../queue/store.ts'
import type { Terminal } from './exit.ts'
import { readForPeople } from './readable-message.ts'

function recipientLine(state: RecipientState): string {
  const reason = state.reason === undefined ? '' : ` (${state.reason})`
  const remote = state.remoteId === undefined ? '' : ` as ${state.remoteId}`
  return `  ${state.recipient}: ${state.status}${remote}${reason}`
}

function envelopeLines(message: QueuedMessage): string[] {
  const time = (ms: number | undefined): string => (ms === undefined ? 'never' : new Date(ms).toISOString())
  return [
    `Queue id:      ${message.id}`,
    `State:         ${message.place === 'new' ? 'waiting' : message.place === 'cur' ? 'being delivered' : message.place}`,
    `File:          ${message.key}`,
    `Sender:        ${message.envelope.sender === '' ? '<>' : message.envelope.sender}`,
    `Queued:        ${time(message.queuedAt)}`,
    `Next attempt:  ${time(message.nextAttempt)}`,
    `Last attempt:  ${time(message.lastAttempt)}`,
    `Attempts:      ${message.attempts}`,
    `Size:          ${message.size}`,
    'Recipients:',
    ...message.recipients.map(recipientLine),
  ]
}

/**
 * Prints a message.
 *
 * @throws MailError INPUT_MISSING when it is gone, or no message at all
 */
export async function showMessage(store: QueueStore, entry: QueueEntry, terminal: Terminal): Promise<void> {
  const message = await store.describe(entry)
  const content = await store.content(entry)
  if (message === undefined || content === undefined) {
    throw new MailError(
      'INPUT_MISSING',
      `${entry.id} cannot be shown: it was just delivered or is no queued message`,
    )
  }
  try {
    const readable = await readForPeople(content.stream(), content.size)
    terminal.print(`${envelopeLines(message).join('\n')}\n\n${readable}`)
  } finally {
    content.close()
  }
}
