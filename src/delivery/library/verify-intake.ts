/**
 * Whether a program can hand in mail, before it has any. With a queue that is whether the queue can be written, whatever
 * the servers do; without one, whether each server takes the login. Nothing is sent, and nothing stays in the queue.
 */
import { hasWay } from '../../config/accounts.ts'
import type { Account, Config } from '../../config/config.ts'
import { MailError } from '../../errors/mail-error.ts'
import type { Logger } from '../../logging/logger.ts'

/**
 * Looks.
 *
 * @param log gets the dialogue with a server when it wants debug events
 * @throws MailError QUEUE_* or CONFIG_* when mail cannot be queued or dropped; without a queue CONFIG_MISSING when there
 *   is no server, CONFIG_INVALID for what this site lacks to use it, and NOT_ACCEPTED when it cannot be used now
 */
export async function verifyIntake(config: Config, log: Logger): Promise<void> {
  const { queueDir, submitDir, accounts } = config
  if (queueDir === undefined) {
    if (!accounts.some(hasWay)) {
      const remedy = 'set smtp_hostname to send it, or queue_dir to keep it'
      throw new MailError('CONFIG_MISSING', `mail can neither be sent nor queued: ${remedy}`)
    }
    for (const account of accounts) await verifyServer(account, log)
    return
  }
  const { probeDropping, probeWriting } = await import('../../queue/write-probe.ts')
  const { dropInstead } = await import('../way-in.ts')
  const isDropped = submitDir !== undefined && (await dropInstead(config)) !== undefined
  await (isDropped ? probeDropping(submitDir, queueDir) : probeWriting(queueDir))
}

/** An account that delivers to this machine has no server. */
async function verifyServer({ name, deliver, smtp, submitTimeout }: Account, log: Logger): Promise<void> {
  if (deliver.to !== 'smtp' || smtp === undefined) return
  const { openConnection } = await import('../../transport/open-connection.ts')
  const { impatient } = await import('../../transport/impatient.ts')
  const connection = await openConnection(impatient(smtp, submitTimeout), log)
  if (!('phase' in connection)) return connection.quit(true)
  const { phase, reason } = connection
  throw new MailError(
    phase === 'setup' ? 'CONFIG_INVALID' : 'NOT_ACCEPTED',
    `mail over the account ${name} cannot be sent: ${reason}; there is no queue_dir to keep it in`,
  )
}
