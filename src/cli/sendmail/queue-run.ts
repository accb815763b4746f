/**
 * `mq-sendmail -q`: one run of the configured queue now, for all messages or those that were asked for.
 */
import { queueIn } from '../../delivery/configured.ts'
import type { ExitCode } from '../../errors/sysexits.ts'
import { runConfiguredQueue } from '../run/configured.ts'
import type { Setup } from '../setup.ts'
import type { SendmailCall } from './sendmail-call.ts'
import { queueRunTest } from './queue-run-filter.ts'

/** Runs the queue. */
export async function runQueueNow(setup: Setup, call: SendmailCall): Promise<ExitCode> {
  const test = queueRunTest(call.selects)
  const whole = { all: true, force: false, verbose: call.verbose }
  const { queueDir } = setup.config
  if (test === undefined || queueDir === undefined) return runConfiguredQueue(setup, whole)
  const store = await queueIn(queueDir)
  // Somebody asks for certain messages: neither another runner nor a server that was down keeps them.
  return runConfiguredQueue(setup, {
    ...whole,
    force: true,
    asked: true,
    selects: (entry) => test(store, entry),
  })
}
