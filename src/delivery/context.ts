/**
 * What every delivery needs besides the message: the retry policy, the time, the logs and the plug-ins.
 */
import type { WebhookEvent } from '../config/kinds/webhook.ts'
import type { Complain } from '../logging/complain.ts'
import { nullLogger, type Logger } from '../logging/logger.ts'
import { nullTransactionLog, type TransactionLog } from '../logging/transaction-log.ts'
import { noPlugins, type PluginHooks } from '../plugins/contract.ts'
import { systemClock, type Clock } from '../util/clock.ts'
import { NO_REPORTS, type ReportPractice } from './report/practice.ts'
import type { RetryPolicy } from './schedule.ts'

/** How an application is told what becomes of its mail. */
export interface WebhookPractice {
  readonly events: ReadonlySet<WebhookEvent>
  /** Takes one line for the user about a report that is missing. */
  readonly complain?: Complain
}

/** The surroundings of a delivery. */
export interface DeliveryContext {
  readonly policy: RetryPolicy
  readonly reports: ReportPractice
  readonly clock: Clock
  readonly log: Logger
  readonly deliveryLog: TransactionLog
  readonly queueLog: TransactionLog
  readonly plugins: PluginHooks
  /** What an application is told of; undefined where there is none. */
  readonly webhook?: WebhookPractice
  /** When the configuration was changed last, milliseconds since the epoch; undefined where nobody knows. */
  readonly changedAt?: () => number | undefined
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** The retry policy where nothing else is configured. */
export const DEFAULT_POLICY: RetryPolicy = {
  retry: [MINUTE, 3 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR],
  expire: 5 * 24 * HOUR,
  bounceExpire: 2 * 24 * HOUR,
  inDoubt: 'retry',
}

/** A context with the given parts; the rest does nothing. */
export function deliveryContext(parts: Partial<DeliveryContext> = {}): DeliveryContext {
  return {
    policy: DEFAULT_POLICY,
    reports: NO_REPORTS,
    clock: systemClock,
    log: nullLogger,
    deliveryLog: nullTransactionLog,
    queueLog: nullTransactionLog,
    plugins: noPlugins,
    ...parts,
  }
}
