/**
 * Sending the reports for the application as a configuration asks for it. The network is left the way the account leaves
 * it: through its proxy, from its address, and with its `tls_ca`.
 */
import type { Config, SmtpTimeouts } from '../../config/config.ts'
import type { Logger } from '../../logging/logger.ts'
import type { QueueStore } from '../../queue/store.ts'
import type { HttpRoute } from '../../transport/http/connection.ts'
import { systemClock } from '../../util/clock.ts'
import type { OutboxMeans } from './send.ts'

/** In milliseconds, where no account says it. */
const CONNECT: Pick<SmtpTimeouts, 'connect'> = { connect: 10_000 }
const DIRECT: HttpRoute = { proxy: undefined, sourceIp: undefined, tlsCa: undefined, timeouts: CONNECT }

/** How the network is left for the webhook. */
export function webhookRoute({ smtp, webhook }: Pick<Config, 'smtp' | 'webhook'>): HttpRoute {
  const { proxy, sourceIp, tlsCa, timeouts } = smtp ?? DIRECT
  return { proxy, sourceIp, timeouts, tlsCa: webhook?.tlsCa ?? tlsCa, caOption: 'webhook_tls_ca' }
}

/** What sending needs; undefined where no webhook is configured. */
export function outboxMeans(
  config: Pick<Config, 'smtp' | 'webhook'>,
  store: QueueStore,
  log: Logger,
): OutboxMeans | undefined {
  const { webhook } = config
  return webhook && { store, webhook, route: webhookRoute(config), log, clock: systemClock }
}
