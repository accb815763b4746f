/**
 * The queue as a listing in the shape of Postfix's mailq, which monitoring programs parse. Only reads.
 */
import { queueIn } from '../../delivery/configured.ts'
import { MailError } from '../../errors/mail-error.ts'
import type { ExitCode } from '../../errors/sysexits.ts'
import { queueIsThere } from '../../queue/layout.ts'
import { isUnfinished } from '../../queue/journal/recipient-state.ts'
import type { Place, QueuedMessage } from '../../queue/store.ts'
import { systemClock } from '../../util/clock.ts'
import type { Terminal } from '../exit.ts'
import type { Sight } from './context.ts'
import { notYet } from './not-yet.ts'
import { newWalkLog, tellMissing, WAITING, walkQueue, type Wanted } from './walk.ts'
import type { Setup } from '../setup.ts'

const HEADING = '-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------'
const INDENT = ' '.repeat(41)
/** What follows the queue id: being delivered, held, failed. */
const MARK: Readonly<Record<Place, string>> = { new: '', cur: '*', hold: '!', failed: '#' }
/** Why a message waits that nobody is left to get: `bounce_limit`, or a crash before it was put away. */
const FINISHED = 'finished but for its delivery report'

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
function entryLines(message: QueuedMessage, now: number): string {
  const shown = message.recipients.filter((state) =>
    message.place === 'failed' ? state.status !== 'delivered' : isUnfinished(state),
  )
  const id = `${message.id}${MARK[message.place]}`.padEnd(12)
  const sender = message.envelope.sender === '' ? 'MAILER-DAEMON' : message.envelope.sender
  const lines = [`${id} ${String(message.size).padStart(8)} ${arrival(message.queuedAt)}  ${sender}`]
  const { held } = message.place === 'failed' ? { held: undefined } : message
  if (held !== undefined) lines.push(reasonLine(message.place === 'hold' ? `held: ${held}` : held))
  const early = message.place === 'new' && held === undefined ? notYet(message, now) : undefined
  if (early !== undefined) lines.push(reasonLine(early))
  if (message.place === 'new' && shown.length === 0) lines.push(reasonLine(FINISHED))
  let lastReason = held
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
export async function listQueue(sight: Sight, wanted: Wanted, terminal: Terminal): Promise<ExitCode> {
  const log = newWalkLog()
  let count = 0
  let octets = 0
  for await (const message of walkQueue(sight, wanted, log)) {
    if (count === 0) terminal.print(`${HEADING}\n`)
    terminal.print(entryLines(message, systemClock.now()))
    count += 1
    octets += message.size
  }
  if (count > 0) {
    const end = log.limited ? ', ended by --limit' : ''
    const kbytes = Math.ceil(octets / 1024)
    terminal.print(`-- ${kbytes} Kbytes in ${count} Request${count === 1 ? '' : 's'}${end}.\n`)
  } else if (log.failures === 0) {
    terminal.print('Mail queue is empty\n')
  }
  return tellMissing(log, terminal)
}

/** What waits in the configured queue, as `mailq` prints it, or as JSON. */
export async function listConfiguredQueue({ config, terminal }: Setup, json: boolean): Promise<ExitCode> {
  const { queueDir } = config
  if (queueDir === undefined)
    throw new MailError('CONFIG_MISSING', 'no queue: set queue_dir in the configuration')
  // A queue that was never needed has not been made yet.
  const sight = { store: await queueIn(queueDir), made: queueIsThere(queueDir), config }
  const list = json ? (await import('./records.ts')).listRecords : listQueue
  return list(sight, { places: WAITING }, terminal)
}
