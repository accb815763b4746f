/**
 * A process that sends what waits in a queue within a limit, until nothing waits any more. The limit is that of the
 * program, with a window as short as the test wants: the options know minutes, hours and days only.
 *
 *     node limited-sender.mjs QUEUE_DIR PORT MOST WINDOW_MS
 */
import { setTimeout as pause } from 'node:timers/promises'

const lib = new URL('../../dist/lib/', import.meta.url)
const load = (name) => import(new URL(name, lib).href)
const { MaildirQueue } = await load('queue/maildir-queue.js')
const { SmtpTransport } = await load('transport/smtp.js')
const { configFromSettings } = await load('config/settings.js')
const { limitAccount } = await load('delivery/account/rate-limit.js')
const { runQueueOnce } = await load('delivery/run-queue.js')
const { deliveryContext } = await load('delivery/context.js')
const { nullLogger } = await load('logging/logger.js')

const [queueDir, port, most, length] = process.argv.slice(2)
const queue = new MaildirQueue(queueDir)
const { smtp } = configFromSettings({ smtp_hostname: '127.0.0.1', smtp_port: port, tls: 'off' })
const window = {
  key: 'limit',
  words: 'messages',
  length: Number(length),
  most: Number(most),
  counts: 'messages',
}
const transport = limitAccount(
  new SmtpTransport(smtp),
  { windows: [window], onLimit: 'defer', maxRecipients: 100 },
  { account: 'default', queue: async () => queue, clock: { now: Date.now }, log: nullLogger },
)

// What is in doubt after a kill is tried again at once.
const context = deliveryContext({ policy: { retry: [200], expire: 3_600_000 } })

async function somethingWaits() {
  for await (const _ of queue.list(['new', 'cur'])) return true
  return false
}

while (await somethingWaits()) {
  await runQueueOnce(queue, transport, context, { connections: 3, force: true })
  // As a cron job would: later again.
  await pause(50)
}
await transport.close()
