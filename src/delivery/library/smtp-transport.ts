/**
 * The SMTP transport for library users: made of the same settings as the configuration file has, so that an
 * application writes `smtp_hostname` and gets every default and every check of mailqueue.conf(5).
 */
import { configInvalid } from '../../config/config-error.ts'
import { configFromSettings, type MailqueueSettings } from '../../config/settings.ts'
import { MailError } from '../../errors/mail-error.ts'
import { nullLogger, type Logger } from '../../logging/logger.ts'
import { DEFAULT_ACCOUNT } from '../../config/account-name.ts'
import { SmtpTransport } from '../../transport/smtp.ts'
import type { Transport } from '../../transport/transport.ts'
import { systemClock } from '../../util/clock.ts'
import { queueIn } from '../configured.ts'
import { withinLimits } from '../account/rate-limit.ts'
import { signing } from '../signing-transport.ts'

/**
 * Makes an SMTP transport: the way to one server. Accounts and `deliver` are for the functions that choose the way of
 * each message, `runQueue` and `mailqueueTransport`.
 *
 * @param settings the keys of mailqueue.conf(5); `smtp_hostname` is needed, and `queue_dir` where a limit is set
 * @param log gets the SMTP dialogue, secrets removed, when it wants debug events
 * @throws MailError CONFIG_INVALID for wrong settings and for those of another way, CONFIG_MISSING without a host
 */
export function smtpTransport(settings: MailqueueSettings, log: Logger = nullLogger): Transport {
  const { smtp, queueDir = '', accounts, deliver } = configFromSettings(settings)
  if (accounts.length > 1) throw otherWay('accounts', 'is one server and has no accounts')
  if (deliver.to !== 'smtp')
    throw otherWay('deliver', `sends over SMTP, and does not deliver to ${deliver.to}`)
  if (smtp === undefined) throw new MailError('CONFIG_MISSING', 'no smarthost: smtp_hostname is missing')
  const queue = () => queueIn(queueDir)
  const context = { account: DEFAULT_ACCOUNT, queue, clock: systemClock, log }
  return signing(withinLimits(new SmtpTransport(smtp, log), smtp, context), smtp.dkim, log)
}

function otherWay(key: string, why: string): MailError {
  const remedy = `give it to runQueue or mailqueueTransport, or remove ${key}`
  return configInvalid('settings', `${key} is set, but smtpTransport ${why}; ${remedy}`)
}
