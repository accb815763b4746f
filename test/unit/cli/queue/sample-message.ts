/**
 * A queued message for tests of what is shown of it.
 */
import type { RecipientState } from '../../../../src/queue/journal/recipient-state.ts'
import type { QueuedMessage } from '../../../../src/queue/store.ts'

/** When the sample was queued, milliseconds since the epoch. */
export const QUEUED = Date.UTC(2026, 10, 21, 20, 12)

/** A recipient nobody has tried yet, unless the changes say otherwise. */
export function recipientState(recipient: string, changes: Partial<RecipientState> = {}): RecipientState {
  return {
    recipient,
    status: 'pending',
    reason: undefined,
    code: undefined,
    enhanced: undefined,
    remoteId: undefined,
    reportsTaken: false,
    reported: false,
    ...changes,
  }
}

/** A message that waits for its first attempt, unless the changes say otherwise. */
export function queuedMessage(changes: Partial<QueuedMessage> = {}): QueuedMessage {
  const recipients = changes.recipients ?? [recipientState('ben@d.ex')]
  return {
    id: 'DF9F6E636D13',
    place: 'new',
    queuedAt: QUEUED,
    nextAttempt: QUEUED + 60_500,
    priority: 5,
    key: 'file',
    size: 125,
    expires: undefined,
    batch: undefined,
    account: 'default',
    server: undefined,
    ownServer: false,
    envelope: { sender: 'ann@s.ex', recipients: recipients.map(({ recipient }) => recipient) },
    recipients,
    attempts: 0,
    firstAttempt: undefined,
    lastAttempt: undefined,
    held: undefined,
    delayNoticed: false,
    reportsMade: 0,
    requeuedAt: undefined,
    ...changes,
  }
}
