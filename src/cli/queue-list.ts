/**
 * The queue as a listing in the shape of Postfix's mailq, which monitoring programs parse. Only reads.
 */
import { existsSync } from 'node:fs'
import { queueIn } from '../delivery/configured.ts'
import { MailError } from '../errors/mail-error.ts'
import { EX, type ExitCode } from '../errors/sysexits.ts'
import { isUnfinished } from '../queue/recipient-state.ts'
import type { Place, QueuedMessage, QueueStore } from '../queue/store.ts'
import type { Terminal } from './exit.ts'
import type { Setup } from './setup.ts'

/** Where mail is that has still to be delivered. */
export const WAITING: readonly Place[] = ['new', 'cur', 'hold']

const HEADING = '-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------'
const INDENT = ' '.repeat(41)
/** What follows the queue id: being delivered, held, failed. */
const MARK: Readonly<Record<Place, string>> = { new: '', cur: '*', hold: '!', failed: '#' }

function arrival(ms: number): string {
  const [day = '', month = '', date = '', , time = ''] = new Date(ms)
    .toString()
    .replace(/^(\S+ \S+ \S+ \S+) (\S+).*$/, '$1 $2')
    .split(' ')
  return `${day} ${month} ${date.replace(/^0/, ' ')} ${time}`
}

/** Ends where the recipients begin, or begins at the edge when it is too long for that. */
function reasonLine(reason: string): string {
  return `(${reason})`.padStart(INDENT.length)
}

/** The lines of one message; failed recipients are shown for failed messages only. */
function entryLines(message: QueuedMessage): string {
  const shown = message.recipients.filter((state) =>
    message.place === 'failed' ? state.status !== 'delivered' : isUnfinished(state),
  )
  const id = `${message.id}${MARK[message.place]}`.padEnd(12)
  const sender = message.envelope.sender === '' ? 'MAILER-DAEMON' : message.envelope.sender
  const lines = [`${id} ${String(message.size).padStart(8)} ${arrival(message.queuedAt)}  ${sender}`]
  let lastReason: string | undefined
  for (const { recipient, reason, status } of shown) {
    const words = status === 'in-doubt' && reason !== undefined ? `in doubt: ${reason}` : reason
    if (words !== undefined && words !== lastReason) lines.push(reasonLine(words))
    lastReason = words
    lines.push(`${INDENT}${recipient}`)
  }
  return `${lines.join('\n')}\n\n`
}

/**
 * Prints the listing, message by message, without holding more than one.
 *
 * @throws MailError QUEUE_* when the queue cannot be read
 */
export async function listQueue(
  store: QueueStore,
  places: readonly Place[],
  terminal: Terminal,
): Promise<void> {
  let count = 0
  let octets = 0
  for await (const entry of store.list(places)) {
    const message = await store.describe(entry)
    if (message === undefined) continue
    if (count === 0) terminal.print(`${HEADING}\n`)
    terminal.print(entryLines(message))
    count += 1
    octets += message.size
  }
  const kbytes = Math.ceil(octets / 1024)
  terminal.print(
    count === 0
      ? 'Mail queue is empty\n'
      : `-- ${kbytes} Kbytes in ${count} Request${count === 1 ? '' : 's'}.\n`,
  )
}

/** The mail in the configured queue, as `mailq` prints it: what waits, unless other places are named. */
export async function listConfiguredQueue(setup: Setup, places = WAITING): Promise<ExitCode> {
  const { queueDir } = setup.config
  if (queueDir === undefined)
    throw new MailError('CONFIG_MISSING', 'no queue: set queue_dir in the configuration')
  // A queue that was never needed has not been made yet.
  if (existsSync(queueDir)) await listQueue(await queueIn(queueDir), places, setup.terminal)
  else setup.terminal.print('Mail queue is empty\n')
  return EX.OK
}
