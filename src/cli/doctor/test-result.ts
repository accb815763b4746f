/**
 * What mq-send-test says about the messages it sent: a line for each recipient, or one JSON object.
 */
import { EX, type ExitCode } from '../../errors/sysexits.ts'
import type { RecipientOutcome } from '../../message/outcome.ts'
import type { Setup } from '../setup.ts'
import { printableJson } from '../printable.ts'
import type { Manner } from './diagnosis.ts'
import type { QueuedTest } from './test-message.ts'

/** One message and what came of it. */
export interface TestResult {
  readonly setup: Setup
  /** The name of the transport. */
  readonly server: string
  readonly outcomes: readonly RecipientOutcome[]
  /** Set for the message that went through the queue. */
  readonly queued?: QueuedTest
}

const WHERE: Readonly<Record<QueuedTest['rest'], string>> = {
  gone: '',
  queued: 'it stays in the queue and is tried again; mq-queue delete ends that',
  failed: 'it is kept in failed/; mq-queue delete removes it',
  taken: 'another run of the queue has taken it; mq-queue log shows what became of it',
}

function accepted({ setup, server, queued }: TestResult, recipient: string, reply: string): string {
  const { deliver } = setup.config
  if (deliver.to !== 'smtp')
    return `OK, but nothing was sent: deliver = ${deliver.to}, and ${recipient} went to ${server}: ${reply}`
  const way = queued === undefined ? '' : `, through the queue as ${queued.queueId}`
  return `OK: ${recipient} accepted by ${server}${way}: ${reply}`
}

/** 69 for what is refused for good, 78 for what this site lacks, 75 for the rest. */
function codeOf(outcome: RecipientOutcome): ExitCode {
  if (outcome.status === 'delivered') return EX.OK
  if (outcome.status === 'failed') return EX.UNAVAILABLE
  return outcome.status === 'deferred' && outcome.trouble === 'setup' ? EX.CONFIG : EX.TEMPFAIL
}

/** What weighs more than what comes after it. */
const GRAVEST: readonly ExitCode[] = [EX.CONFIG, EX.UNAVAILABLE, EX.TEMPFAIL]

function exitOf(results: readonly TestResult[]): ExitCode {
  const codes = results.flatMap(({ outcomes, queued }) => [
    ...outcomes.map(codeOf),
    ...(queued?.rest === 'taken' ? [EX.TEMPFAIL] : []),
  ])
  return GRAVEST.find((code) => codes.includes(code)) ?? EX.OK
}

function recordsOf({ setup, server, outcomes, queued }: TestResult): object[] {
  const about = {
    account: setup.config.account,
    server,
    via: queued === undefined ? 'smtp' : 'queue',
    ...(queued === undefined ? {} : { queue_id: queued.queueId }),
  }
  if (queued?.rest === 'taken') return [{ ...about, status: 'taken' }]
  return outcomes.map((outcome) => ({
    ...about,
    recipient: outcome.recipient,
    status: outcome.status,
    ...(outcome.status === 'delivered' ? { reply: outcome.reply } : { reason: outcome.reason }),
  }))
}

function tellOne(result: TestResult, { quiet, several, json }: Manner): void {
  const { setup, server, outcomes, queued } = result
  const { terminal, config } = setup
  const prefix = several ? `account ${config.account}: ` : ''
  for (const outcome of outcomes) {
    if (outcome.status !== 'delivered')
      terminal.complain(`${prefix}${outcome.recipient} was not accepted by ${server}: ${outcome.reason}`)
    else if (!quiet && !json)
      terminal.print(`${prefix}${accepted(result, outcome.recipient, outcome.reply)}\n`)
  }
  if (queued !== undefined && queued.rest !== 'gone')
    terminal.complain(`${prefix}the message ${queued.queueId} was queued: ${WHERE[queued.rest]}`)
}

/**
 * Says what came of all messages.
 *
 * @returns the exit code that it means
 */
export function tellResults(
  { terminal }: Pick<Setup, 'terminal'>,
  results: readonly TestResult[],
  manner: Manner,
): ExitCode {
  for (const result of results) tellOne(result, manner)
  const exit = exitOf(results)
  if (manner.json)
    terminal.print(printableJson({ ok: exit === EX.OK, exit, results: results.flatMap(recordsOf) }))
  return exit
}
