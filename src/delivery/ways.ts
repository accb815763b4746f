/**
 * The ways that the messages of a run go: one transport for all, or for each message that of its account. An account
 * that is not configured any more has a way too, on which nothing gets through: its messages wait, their attempts
 * count, and in the end their senders are told.
 */
import { DEFAULT_ACCOUNT } from '../config/account-name.ts'
import { configOf, findAccount } from '../config/accounts.ts'
import type { Account, Config } from '../config/config.ts'
import { MailError } from '../errors/mail-error.ts'
import type { Complain } from '../logging/complain.ts'
import type { QueuedMessage, QueueEntry, QueueStore } from '../queue/store.ts'
import type { Transport } from '../transport/transport.ts'
import { guardAccount, type Insisting } from './account/guard.ts'
import { accountTransports, type Guard } from './account/transports.ts'
import { contextOver } from './configured.ts'
import type { DeliveryContext } from './context.ts'
import type { Way } from './way.ts'

/** What decides about the way of a message. */
export type Routed = Pick<QueuedMessage, 'account' | 'server'>

/** All ways of a run. */
export interface Ways {
  /** The group of a message: those of one group go the same way, as far as their names tell. */
  groupOf(entry: QueueEntry): string
  /** The way of a group; undefined when only opening a message tells. */
  wayOfGroup(group: string): Promise<Way | undefined>
  wayOf(message: Routed): Promise<Way>
  /** True when nearly all messages go the same way. */
  readonly single: boolean
  /** The retry policy by which messages are due: that of the account with the longest waits. */
  readonly policy: DeliveryContext['policy']
  /** A pass over the queue begins: one that tries everything is not stopped by what failed before it. */
  beginPass(): void
  /** Ends all connections that were made for these ways. */
  close(): Promise<void>
}

/** Makes the ways once the run knows its queue. */
export type WaysOver = (queue: QueueStore, insisting: Insisting) => Ways

/** One transport for all messages; whoever made it closes it. */
export function oneWay(transport: Transport, context: DeliveryContext, connections: number): WaysOver {
  return (queue, insisting) => {
    let pass = 0
    const guarded = guardAccount(transport, insisting, { ...context, queue, pass: () => pass })
    const way: Way = { account: undefined, transport: guarded, context, connections }
    return {
      groupOf: () => '',
      wayOfGroup: async () => way,
      wayOf: async () => way,
      single: true,
      policy: context.policy,
      beginPass: () => void (pass += 1),
      close: async () => undefined,
    }
  }
}

/** A transport on which nothing gets through, for now. */
function noTransport(account: string, reason: string): Transport {
  return {
    name: `account ${account}`,
    send: async ({ envelope }) =>
      envelope.recipients.map((recipient) => ({ status: 'deferred', scope: 'message', recipient, reason })),
    close: async () => undefined,
  }
}

/** Why messages of an account that is not there wait, and what to do. */
function whyMissing(name: string, account: Account | undefined): string {
  const move = `mq-queue edit --account ${name} --route NAME`
  return account === undefined
    ? `the account "${name}" is not configured; add [account ${name}], or move its messages with ${move}`
    : `the account "${name}" has no server; add smtp_hostname, or move its messages with ${move}`
}

/** The group of messages with servers of their own; no account can have this name. */
const UNKNOWN_SERVER = ' '

/**
 * The ways over the accounts of a configuration.
 *
 * @param options connections instead of those of each account, and who is told of a key that others can read
 */
export function accountWays(
  config: Config,
  base: DeliveryContext,
  { connections, complain }: { readonly connections?: number | undefined; readonly complain?: Complain } = {},
): WaysOver {
  return (queue, insisting) => {
    let pass = 0
    const guard: Guard = (transport, account, server) =>
      guardAccount(transport, insisting, { ...base, queue, account, server, pass: () => pass })
    const transports = accountTransports(config, base.log, guard, { complain })
    const made = new Map<string, Promise<Way>>()

    function missing(account: string, reason: string): Way {
      // Delivery reports about these messages cannot go over the account that is missing.
      const context = { ...base, reports: { ...base.reports, account: DEFAULT_ACCOUNT } }
      return { account, transport: noTransport(account, reason), context, connections: 1, missing: reason }
    }

    async function makeWay({ account: name, server }: Routed): Promise<Way> {
      const account = findAccount(config, name)
      if (account === undefined) return missing(name, whyMissing(name, account))
      let transport: Transport | undefined
      try {
        transport = await transports.over(account, server)
      } catch (error) {
        if (!(error instanceof MailError)) throw error
        return missing(name, error.publicMessage)
      }
      if (transport === undefined) return missing(name, whyMissing(name, account))
      const context = name === config.account ? base : contextOver(base, configOf(config, account))
      return { account: name, transport, context, connections: connections ?? account.smtp?.connections ?? 1 }
    }

    function wayOf(message: Routed): Promise<Way> {
      const { account, server } = message
      const key = server === undefined ? account : `${account} ${JSON.stringify(server)}`
      const way = made.get(key) ?? makeWay(message)
      made.set(key, way)
      return way
    }

    const retry = config.accounts.flatMap((account) => account.retry)
    return {
      groupOf: ({ account, ownServer }) => (ownServer ? UNKNOWN_SERVER : account),
      wayOfGroup: async (group) =>
        group === UNKNOWN_SERVER ? undefined : wayOf({ account: group, server: undefined }),
      wayOf,
      single: config.accounts.length === 1,
      policy: { ...base.policy, retry },
      beginPass: () => void (pass += 1),
      close: () => transports.close(),
    }
  }
}
