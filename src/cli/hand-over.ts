/**
 * Hands a finished message over to delivery and turns the result into words and an exit code: the common end of
 * mq-sendmail and mq-mail. A signal that would end the process queues the message first.
 */
import type { AccountSettings, Config, MessageServer } from '../config/config.ts'
import { ABOUT_SERVER, KEPT_WITH_MESSAGE } from '../config/options.ts'
import { queueIn } from '../delivery/configured.ts'
import { refusalExit } from '../delivery/refusal.ts'
import { submit, type Submission, type SubmitResult } from '../delivery/submit.ts'
import type { DropWay } from '../delivery/way-in.ts'
import { EX, type ExitCode } from '../errors/sysexits.ts'
import type { Logger } from '../logging/logger.ts'
import type { MessageContent } from '../message/content.ts'
import type { Envelope } from '../message/envelope.ts'
import type { Handling } from '../queue/store.ts'
import { someOf } from '../util/some-of.ts'
import { openContext, openLog, openTransport, type Setup } from './setup.ts'

/** A message that is ready to go. */
export interface ReadyMessage {
  readonly envelope: Envelope
  readonly content: MessageContent
  /** The message with the sender and header that another account asks for; whoever takes it closes it. */
  readonly contentOver?: (config: Config, envelope: Envelope) => MessageContent | Promise<MessageContent>
}

const ENDING_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const

let ending: AbortController | undefined

/** A signal that fires when the process is asked to end, from the first call on; it is the same for all callers. */
export function endingSignal(): AbortSignal {
  if (ending !== undefined) return ending.signal
  const controller = new AbortController()
  // Every time: a second signal must not end the process while the message is being queued.
  for (const name of ENDING_SIGNALS) process.on(name, () => controller.abort())
  ending = controller
  return controller.signal
}

/**
 * Says on standard error what went wrong with a message.
 *
 * @param remains what became of a message that nobody took, as the end of a sentence
 * @returns the exit code that it means for a command
 */
export function tellOutcome(
  setup: Setup,
  result: SubmitResult,
  verbose: boolean,
  remains?: string,
): ExitCode {
  const { terminal } = setup
  // The message moves to failed/ when nobody waits for it any more.
  const place = result.queued.length > 0 ? 'the queue' : 'failed/'
  const kept =
    result.queueId === undefined
      ? (remains ?? 'it is not kept')
      : `it is kept in ${place} as ${result.queueId}`
  for (const { recipient, reason } of result.refused)
    terminal.complain(`${recipient} was refused: ${reason}; ${kept}`)
  if (result.problem !== undefined) {
    const lost = result.unaccepted.length > 0 ? ` (not accepted for ${someOf(result.unaccepted)})` : ''
    const end = remains === undefined ? '' : `; ${remains}`
    terminal.complain(`${result.problem.publicMessage}${lost}${end}`)
    return result.problem.exitCode
  }
  if (result.fault !== undefined && result.queued.length > 0)
    terminal.complain(`queued as ${result.queueId ?? '?'}, but it cannot be sent: ${result.fault}`)
  if (verbose && result.sent.length > 0) terminal.complain(`sent to ${someOf(result.sent)}`)
  if (verbose && result.queued.length > 0) {
    terminal.complain(`queued as ${result.queueId ?? '?'} for ${someOf(result.queued)}`)
  }
  return result.refused.length === 0 ? EX.OK : refusalExit(result.refused)
}

type Means = Pick<Submission, 'queue' | 'spool' | 'signal' | 'handling'>

/** Where messages are handed in, one after the other. */
export interface Counter {
  /** Sends or queues one message, and closes its content. */
  take(message: ReadyMessage): Promise<SubmitResult>
  /** QUIT is written, its reply is nobody's business: the process may end as soon as the outcomes are durable. */
  close(): void
}

/** How messages are handed in. */
export interface CounterOptions {
  readonly verbose: boolean
  readonly queueOnly?: boolean
  /** How the queue treats them. */
  readonly handling?: Handling
}

/**
 * Whether the call says something about the server that stays with no message, such as a login of its own. Whatever
 * comes of it must not stop the mail of those who have the settings of the account.
 */
function isAdjusted({ overridden }: Setup): boolean {
  return [...(overridden ?? [])].some((name) => ABOUT_SERVER.has(name) && !KEPT_WITH_MESSAGE.has(name))
}

/** Sends and queues over one account, the only one. */
async function oneAccount(setup: Setup, means: Means, log: Logger): Promise<Counter> {
  const { config } = setup
  const guarded = isAdjusted(setup)
  const server = setup.overridden === undefined ? undefined : await namedServerOf(setup)
  const transport = means.spool === 'only' ? undefined : await openTransport(setup, log)
  const context = await openContext(setup, log)
  const { submitTimeout, account } = config
  return {
    take: ({ envelope, content }) =>
      submit({ envelope, content, transport, submitTimeout, account, server, guarded, ...means }, context),
    close: () => void transport?.close(),
  }
}

async function namedServerOf(setup: Setup): Promise<MessageServer | undefined> {
  const { namedServer } = await import('./account.ts')
  return namedServer(setup, setup.config)
}

/** Sends and queues over the accounts that the recipients of each message ask for. */
async function severalAccounts(setup: Setup, means: Means, log: Logger): Promise<Counter> {
  const { submissionOverAccounts } = await import('../delivery/submit-over-accounts.ts')
  const { namedServer } = await import('./account.ts')
  const { config, caller, overridden } = setup
  // What the call says about a server is for one account: nothing that others ask for may choose another.
  const isBound = [...(overridden ?? [])].some((name) => ABOUT_SERVER.has(name))
  const account = setup.account ?? (isBound ? config.account : undefined)
  const submitter = {
    uid: process.getuid?.(),
    get user() {
      return caller.user
    },
  }
  const serverOf = (over: AccountSettings) => namedServer(setup, over)
  const routing = {
    config,
    account,
    submitter,
    serverOf,
    adjusted: isAdjusted(setup) ? account : undefined,
    complain: (line: string) => setup.terminal.complain(line),
  }
  const opened = submissionOverAccounts(routing, means, await openContext(setup, log))
  return { take: (message) => opened.submit(message), close: () => void opened.close() }
}

/** The drop directory, for a user who may not write the queue. */
async function dropOf(config: Config): Promise<DropWay | undefined> {
  return (await import('../delivery/way-in.ts')).dropInstead(config)
}

/** Opens what delivering needs: log, plug-ins, queue and, unless everything is only queued, the transports. */
export async function openCounter(
  given: Setup,
  { verbose, queueOnly = false, handling }: CounterOptions,
): Promise<Counter> {
  const drop = given.config.submitDir === undefined ? undefined : await dropOf(given.config)
  const setup = drop === undefined ? given : { ...given, config: drop.config }
  const { config } = setup
  const log = await openLog(setup, verbose)
  const queue = drop?.queue ?? (config.queueDir === undefined ? undefined : await queueIn(config.queueDir))
  const spool = queueOnly ? 'only' : config.spool
  const means: Means = { queue, spool, signal: endingSignal(), handling }
  const isOne = config.accounts.length === 1 && setup.account === undefined
  const counter = await (isOne ? oneAccount : severalAccounts)(setup, means, log)
  return {
    async take(message) {
      try {
        return await counter.take(message)
      } finally {
        message.content.close()
      }
    },
    close: () => counter.close(),
  }
}

/**
 * Sends or queues a message and says what is wrong.
 *
 * @returns the exit code of the table in docs/exit-codes.md
 */
export async function handOver(
  setup: Setup,
  message: ReadyMessage,
  options: CounterOptions,
): Promise<ExitCode> {
  const counter = await openCounter(setup, options)
  try {
    return tellOutcome(setup, await counter.take(message), options.verbose)
  } finally {
    counter.close()
  }
}
