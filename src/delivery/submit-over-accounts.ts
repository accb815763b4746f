/**
 * Taking a message where there are several accounts: it is split by the accounts that its recipients go over, and
 * each part is taken as `submit` takes a message. The parts are independent: what one account refuses says nothing
 * about the others, and in the end each recipient has the answer that his part got.
 */
import { DEFAULT_ACCOUNT } from '../config/account-name.ts'
import { configOf, findAccount, hasWay } from '../config/accounts.ts'
import type { Account, Config, MessageServer } from '../config/config.ts'
import { describeError } from '../errors/errno.ts'
import { MailError } from '../errors/mail-error.ts'
import type { Complain } from '../logging/complain.ts'
import { qualify } from '../message/address/address.ts'
import type { MessageContent } from '../message/content.ts'
import type { Envelope } from '../message/envelope.ts'
import { readSender } from '../message/recipients.ts'
import { mailDomain } from '../util/mail-domain.ts'
import { guardAccount } from './account/guard.ts'
import { accountTransports, type Guard } from './account/transports.ts'
import { chooseRoutes, type Route, type Submitter } from './account/choose.ts'
import { contextOver } from './configured.ts'
import type { DeliveryContext } from './context.ts'
import { submit, type Submission, type SubmitResult } from './submit.ts'

/** A message that goes over whatever accounts its recipients ask for. */
export interface RoutedMessage {
  readonly envelope: Envelope
  readonly content: MessageContent
  /**
   * The message as it goes over another account, whose settings the configuration has; the same for all when left
   * out. What it gives is closed.
   */
  readonly contentOver?: (config: Config, envelope: Envelope) => MessageContent | Promise<MessageContent>
}

/** What is known about the way of messages before one comes. */
export interface Routing {
  readonly config: Config
  /** The account that somebody named; it may be missing in a configuration of which a part is closed. */
  readonly account: string | undefined
  /**
   * The server that somebody named for messages that go over this account.
   *
   * @throws MailError CONFIG_* when what was named cannot be kept with them
   */
  readonly serverOf?: (account: Account) => MessageServer | undefined
  readonly submitter: Submitter
  /** The account that has other settings for this call only: what it meets with them is told to nobody. */
  readonly adjusted?: string | undefined
  /** Is told of a key that cannot be used, and of an account that others stand in for because this site lacks something. */
  readonly complain?: Complain
}

/** Where messages are taken. */
export interface AccountSubmission {
  submit(message: RoutedMessage): Promise<SubmitResult>
  /** Ends the connections. Never rejects. */
  close(): Promise<void>
}

type Means = Pick<Submission, 'queue' | 'spool' | 'signal' | 'handling'>

/** A message that waits for an account which only others can see. */
function routeNowhere(config: Config, name: string, { recipients }: Envelope): Route[] {
  const usual = findAccount(config, DEFAULT_ACCOUNT)
  return usual === undefined
    ? []
    : [{ account: { ...usual, name, deliver: { to: 'smtp' }, smtp: undefined }, recipients }]
}

function routesOf({ config, account }: Routing, envelope: Envelope, submitter: Submitter): Route[] {
  if (account === undefined) return chooseRoutes(config, envelope, submitter)
  const named = findAccount(config, account)
  if (named !== undefined) return [{ account: named, recipients: envelope.recipients }]
  return routeNowhere(config, account, envelope)
}

/** The sender as the account has it: one that forces its own takes no other, but a bounce stays a bounce. */
export function senderOver({ headers, from }: Account, { sender }: Envelope, config: Config): string {
  if (!headers.forceFrom || from === undefined || sender === '') return sender
  return qualify(readSender(from), mailDomain(config.qualifyDomain))
}

/** Why a message over this account can only wait; undefined where somebody can send it, or may be able to. */
function whyStuck(
  { sealed }: Config,
  account: Account,
  server: MessageServer | undefined,
): string | undefined {
  if (sealed || server !== undefined || hasWay(account)) return undefined
  const remedy = 'add smtp_hostname to [mailqueue], or let another account fit (match_from)'
  return `the account ${account.name} has no server; ${remedy}`
}

const NOTHING: SubmitResult = {
  sent: [],
  queued: [],
  refused: [],
  reported: [],
  unaccepted: [],
  queueId: undefined,
  problem: undefined,
}

/** What became of all parts together. */
function joined(one: SubmitResult, other: SubmitResult): SubmitResult {
  const fault = one.fault ?? other.fault
  const ids = [one.queueId, other.queueId].filter((id) => id !== undefined)
  return {
    sent: [...one.sent, ...other.sent],
    queued: [...one.queued, ...other.queued],
    refused: [...one.refused, ...other.refused],
    reported: [...one.reported, ...other.reported],
    unaccepted: [...one.unaccepted, ...other.unaccepted],
    queueId: ids.length === 0 ? undefined : ids.join(', '),
    ...(fault === undefined ? {} : { fault }),
    problem: one.problem ?? other.problem,
  }
}

/** A part that could not be taken at all does not hide what became of the others. */
function notTaken(recipients: readonly string[], error: unknown): SubmitResult {
  const problem =
    error instanceof MailError ? error : new MailError('QUEUE_IO', describeError(error), { cause: error })
  return { ...NOTHING, unaccepted: recipients, problem }
}

/** Opens nothing yet; the transport of an account is made when the first message goes over it. */
export function submissionOverAccounts(
  routing: Routing,
  means: Means,
  context: DeliveryContext,
): AccountSubmission {
  const { config, serverOf } = routing
  const { queue } = means
  const guard: Guard = (transport, account, server) =>
    queue === undefined || account === routing.adjusted
      ? transport
      : guardAccount(transport, 'submission', { ...context, queue, account, server })
  const { complain } = routing
  const transports = accountTransports(config, context.log, guard, {
    complain,
    tellFault: (account, reason) =>
      complain?.(`the account ${account} cannot be used, so its fallback is tried: ${reason}`),
  })

  async function submitPart(
    message: RoutedMessage,
    { account, recipients }: Route,
    spool = means.spool,
  ): Promise<SubmitResult> {
    const own = configOf(config, account)
    const server = serverOf?.(account)
    const transport = spool === 'only' ? undefined : await transports.over(account, server)
    const asked = { ...message.envelope, recipients }
    const envelope = { ...asked, sender: senderOver(account, asked, config) }
    const isSame = account.name === config.account || message.contentOver === undefined
    const content = isSame ? message.content : await message.contentOver(own, envelope)
    try {
      const { submitTimeout } = account
      const part = {
        envelope,
        content,
        transport,
        submitTimeout,
        account: account.name,
        server,
        guarded: true,
      }
      const over = account.name === config.account ? context : contextOver(context, own)
      const result = await submit({ ...means, ...part, spool }, over)
      const fault = result.fault ?? whyStuck(config, account, server)
      return fault === undefined ? result : { ...result, fault }
    } finally {
      if (!isSame) content.close()
    }
  }

  /**
   * Whoever is told that a part was not taken hands in all parts again, so once one is taken, those that a limit refuses
   * wait in the queue. A part that could not be stored is left to the caller: the next try would fare no better.
   */
  async function submitParts(message: RoutedMessage, routes: readonly Route[]): Promise<SubmitResult> {
    let result = NOTHING
    const left: { readonly route: Route; readonly problem: SubmitResult }[] = []
    for (const route of routes) {
      const part = await submitPart(message, route).catch((error: unknown) =>
        notTaken(route.recipients, error),
      )
      const { unaccepted, problem } = part
      if (unaccepted.length === 0 || problem?.code !== 'NOT_ACCEPTED') {
        result = joined(result, part)
        continue
      }
      result = joined(result, { ...part, unaccepted: [], problem: undefined })
      left.push({ route: { ...route, recipients: unaccepted }, problem: { ...NOTHING, unaccepted, problem } })
    }
    const mayWait = queue !== undefined && result.sent.length + result.queued.length > 0
    for (const { route, problem } of left) {
      const waiting = mayWait ? submitPart(message, route, 'only').catch(() => problem) : problem
      result = joined(result, await waiting)
    }
    return result
  }

  return {
    submit: (message) => {
      const routes = routesOf(routing, message.envelope, routing.submitter)
      const [only] = routes
      // Alone, a message that could not be taken is an error as ever.
      return routes.length === 1 && only !== undefined
        ? submitPart(message, only)
        : submitParts(message, routes)
    },
    close: () => transports.close(),
  }
}
