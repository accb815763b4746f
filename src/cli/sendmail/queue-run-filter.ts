/**
 * The argument of -q: nothing for the whole queue, or which messages the run is about, as sendmail and Postfix have
 * it. An interval is refused: nothing here waits.
 */
import { MailError } from '../../errors/mail-error.ts'
import { quoteForMessage } from '../../message/address/address.ts'
import type { QueuedMessage, QueueEntry, QueueStore } from '../../queue/store.ts'
import { chooseMode } from './modes.ts'
import type { QueueRunFilter, SendmailCall } from './sendmail-call.ts'

const LETTERS: Readonly<Record<string, QueueRunFilter['of']>> = { I: 'id', R: 'recipient', S: 'sender' }

/**
 * Takes the argument of -q; several are given one after the other, and a message has to fit all of them.
 *
 * @throws MailError USAGE for an interval and anything else that is no filter
 */
export function addQueueRun(call: SendmailCall, value: string): void {
  chooseMode(call, 'run-queue')
  if (value === '') return
  const of = LETTERS[value.charAt(0)]
  const text = value.slice(1).toLowerCase()
  if (of === undefined) {
    throw new MailError(
      'USAGE',
      `-q${value} is not supported; -q runs the queue once, and mq-run from cron does it regularly`,
    )
  }
  if (text === '') throw new MailError('USAGE', `${quoteForMessage(`-q${value}`)} names nothing to look for`)
  call.selects.push({ of, text })
}

function fits({ envelope, recipients }: QueuedMessage, { of, text }: QueueRunFilter): boolean {
  const texts = of === 'sender' ? [envelope.sender] : recipients.map(({ recipient }) => recipient)
  return texts.some((each) => each.toLowerCase().includes(text))
}

/** The test for a run of the queue; undefined when it is about all messages. */
export function queueRunTest(
  filters: readonly QueueRunFilter[],
): ((store: QueueStore, entry: QueueEntry) => Promise<boolean>) | undefined {
  if (filters.length === 0) return undefined
  const ids = filters.filter(({ of }) => of === 'id')
  const others = filters.filter(({ of }) => of !== 'id')
  return async (store, entry) => {
    if (!ids.every(({ text }) => entry.id.toLowerCase().includes(text))) return false
    if (others.length === 0) return true
    const message = await store.describe(entry)
    return message !== undefined && others.every((filter) => fits(message, filter))
  }
}
