/**
 * Telling the application at the end of a run of the queue, for a limited time. That it does not take its reports is said when
 * it begins, or when somebody waits for the run; cron mails what is printed, and they are tried each time.
 */
import type { Config } from '../../config/config.ts'
import { outboxMeans } from '../../delivery/outbox/configured.ts'
import { sendOutbox, type OutboxReport } from '../../delivery/outbox/send.ts'
import { describeError } from '../../errors/errno.ts'
import { EX, type ExitCode } from '../../errors/sysexits.ts'
import type { Logger } from '../../logging/logger.ts'
import type { QueueStore } from '../../queue/store.ts'
import type { Terminal } from '../exit.ts'

/** No request begins later than this after the first, in milliseconds. */
const LONGEST = 30_000

interface OutboxCall {
  readonly terminal: Terminal
  readonly log: Logger
  /** Asks also an application that is to be left alone. */
  readonly now: boolean
  /** Says more than cron should mail. */
  readonly talkative: boolean
  readonly verbose: boolean
  readonly signal: AbortSignal
}

function tell(report: OutboxReport, { terminal, talkative, verbose }: OutboxCall): void {
  const { sent, dropped, damaged, state, reason = '', isNew } = report
  if (verbose && sent > 0) terminal.complain(`the webhook was told of ${sent} events`)
  if (dropped > 0) terminal.complain(`${dropped} events for the webhook were too old and are dropped`)
  if (damaged > 0)
    terminal.complain(
      `${damaged} files in outbox/ that are no reports were moved to corrupt/; see the .reason beside each`,
    )
  const isTrouble = state === 'failed' || state === 'paused' || state === 'stopped'
  if (isTrouble && (isNew === true || talkative))
    terminal.complain(`reports for the webhook wait: ${reason}; they stay in outbox/`)
}

/**
 * Makes one pass over the outbox.
 *
 * @returns 75 when something is left, 0 otherwise. Never rejects: the mail is dealt with
 */
export async function tellWebhook(config: Config, store: QueueStore, call: OutboxCall): Promise<ExitCode> {
  const means = outboxMeans(config, store, call.log)
  if (means === undefined) return EX.OK
  try {
    const { now, signal } = call
    const report = await sendOutbox(means, { now, signal, longest: LONGEST })
    tell(report, call)
    return report.state === 'done' || report.state === 'busy' ? EX.OK : EX.TEMPFAIL
  } catch (error) {
    const reason = describeError(error)
    call.log.warn('webhook.failed', { reason })
    call.terminal.complain(`reports for the webhook wait: ${reason}`)
    return EX.TEMPFAIL
  }
}
