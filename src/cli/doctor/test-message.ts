/**
 * The message of mq-send-test, and its ways: over SMTP alone, and through the queue.
 */
import { attemptClaim } from '../../delivery/attempt.ts'
import { queueIn } from '../../delivery/configured.ts'
import { sendPatiently, withinTime } from '../../delivery/patience.ts'
import { MailError } from '../../errors/mail-error.ts'
import { composeMail } from '../../message/compose/compose.ts'
import type { MessageContent } from '../../message/content.ts'
import type { Envelope } from '../../message/envelope.ts'
import { newMessageId } from '../../message/message-id.ts'
import type { RecipientOutcome } from '../../message/outcome.ts'
import { envelope, readRecipients } from '../../message/recipients.ts'
import type { Transport } from '../../transport/transport.ts'
import { hostName } from '../../util/host-name.ts'
import { mailDomain } from '../../util/mail-domain.ts'
import { envelopeSender } from '../sender.ts'
import { openContext, openLog, spillDirectory, type Setup } from '../setup.ts'

/** Whom the test is from and for. */
export interface TestAddresses {
  readonly to: string
  readonly from?: string
}

/** What came of the message in the queue. */
export interface QueuedTest {
  readonly queueId: string
  readonly outcomes: readonly RecipientOutcome[]
  /** Where the message is now. */
  readonly rest: 'gone' | 'queued' | 'failed' | 'taken'
}

const BODY = `This is a test message of mailqueue, sent by mq-send-test.
If you can read it, the configuration works.
`

function testRecipients(to: string): readonly string[] {
  const { recipients, problems } = readRecipients([to])
  if (problems[0] !== undefined) throw new MailError('ADDRESS_INVALID', `--to cannot be used: ${problems[0]}`)
  const bare = recipients.find((recipient) => !recipient.includes('@'))
  if (bare !== undefined)
    throw new MailError('ADDRESS_INVALID', `--to takes a full address, and ${bare} has no domain`)
  return recipients
}

/**
 * The envelope of the test.
 *
 * @throws MailError ADDRESS_INVALID, NO_RECIPIENTS, or SYSTEM_LACKS when there is no sender
 */
export function testEnvelope(setup: Setup, { to, from }: TestAddresses): Envelope {
  return envelope(envelopeSender(setup, from).address, testRecipients(to))
}

async function testContent(
  { config }: Setup,
  { sender, recipients }: Envelope,
  way: string,
): Promise<MessageContent> {
  const parts = {
    from: sender,
    to: recipients,
    cc: [],
    subject: `Test message from ${hostName()}${way}`,
    headers: [['Auto-Submitted', 'auto-generated'] as const],
    body: Buffer.from(BODY),
    date: Date.now(),
    messageId: newMessageId(sender, mailDomain(config.qualifyDomain)),
  }
  return composeMail(parts, spillDirectory(config))
}

/** Sends the message over the transport, and nothing is stored. */
export async function sendTestMessage(
  setup: Setup,
  transport: Transport,
  addressed: Envelope,
): Promise<RecipientOutcome[]> {
  const content = await testContent(setup, addressed, '')
  // A person waits in front of it: the same patience as for any submission.
  const inTime = withinTime(transport, setup.config.submitTimeout)
  return sendPatiently(inTime, { envelope: addressed, content }, { awaitReply: true })
}

/**
 * Puts the message into the queue and delivers it from there, as a run would. No other message is touched, and no report is
 * made about this one.
 *
 * @throws MailError QUEUE_* when it cannot be queued
 */
export async function sendThroughQueue(
  setup: Setup,
  transport: Transport,
  addressed: Envelope,
): Promise<QueuedTest> {
  const { queueDir, account, submitTimeout } = setup.config
  if (queueDir === undefined)
    throw new MailError('CONFIG_MISSING', 'no queue: set queue_dir in the configuration, or leave --via out')
  const context = await openContext(setup, await openLog(setup))
  const queue = await queueIn(queueDir)
  const content = await testContent(setup, addressed, ', through the queue')
  const quiet: Envelope = { ...addressed, reports: { notify: ['never'] } }
  const queueId = await queue.enqueue({ envelope: quiet, content, account })
  content.close()
  const runner = await queue.openRunner('admin')
  try {
    const [entry] = await queue.find(queueId)
    const claimed = entry === undefined ? undefined : await runner.claim(entry)
    if (claimed?.kind !== 'claimed') return { queueId, outcomes: [], rest: 'taken' }
    const inTime = withinTime(transport, submitTimeout)
    const { outcomes, settled } = await attemptClaim({
      queue,
      claim: claimed.claim,
      transport: inTime,
      context,
    })
    const gone = settled === 'done' || settled === 'discarded'
    return { queueId, outcomes, rest: gone ? 'gone' : settled === 'failed' ? 'failed' : 'queued' }
  } finally {
    await runner.close()
  }
}
