/**
 * The transports of the accounts, each made when the first message goes over it. Accounts that stand in for another
 * are tried in the order of `fallback`, each behind its own breaker, for recipients whom nobody has refused.
 */
import { findAccount, smtpOf } from '../../config/accounts.ts'
import type { Account, Config, MessageServer } from '../../config/config.ts'
import type { Complain } from '../../logging/complain.ts'
import type { Logger } from '../../logging/logger.ts'
import type { Transport } from '../../transport/transport.ts'
import { configuredTransport } from '../configured.ts'
import { accountFailed, transportChain } from '../transport-chain.ts'

/** Puts the breaker of an account, or of a server that a message names, in front of the transport to it. */
export type Guard = (transport: Transport, account: string, server: MessageServer | undefined) => Transport

/** Who is told of what does not stop the mail. */
export interface AccountVoices {
  /** Is told of a key that cannot be used. */
  readonly complain?: Complain | undefined
  /** Is told, once for each reason, of what this site lacks for an account while others stand in for it. */
  readonly tellFault?: ((account: string, reason: string) => void) | undefined
}

/** Mail that others deliver would hide for ever that a person has something to mend. */
function tellingFaults(
  transport: Transport,
  account: string,
  tell: NonNullable<AccountVoices['tellFault']>,
): Transport {
  const told = new Set<string>()
  return {
    name: transport.name,
    send: async (delivery, signal) => {
      const outcomes = await transport.send(delivery, signal)
      for (const outcome of outcomes) {
        if (outcome.status !== 'deferred' || outcome.scope !== 'account' || outcome.trouble !== 'setup')
          continue
        if (told.has(outcome.reason)) continue
        told.add(outcome.reason)
        tell(account, outcome.reason)
      }
      return outcomes
    },
    ready: async (signal) => transport.ready?.(signal),
    close: () => transport.close(),
  }
}

/** The transports of all accounts. */
export interface AccountTransports {
  /**
   * The way over an account.
   *
   * @param server the message's own; nothing stands in for it
   * @returns undefined when the account has no server
   * @throws MailError CONFIG_INVALID for a server that cannot be used with the account
   */
  over(account: Account, server?: MessageServer): Promise<Transport | undefined>
  /** Ends all connections. Never rejects. */
  close(): Promise<void>
}

/**
 * Makes nothing yet.
 *
 * @param guard every transport gets, before it is used
 */
export function accountTransports(
  config: Config,
  log: Logger,
  guard: Guard,
  { complain, tellFault }: AccountVoices,
): AccountTransports {
  const single = new Map<string, Transport>()
  const made = new Map<string, Transport>()

  async function alone(account: Account, server: MessageServer | undefined): Promise<Transport | undefined> {
    const smtp = smtpOf(account, server)
    const key = `${account.name} ${JSON.stringify(server ?? null)}`
    const known = single.get(key)
    if (known !== undefined) return known
    const transport = await configuredTransport(
      { ...account, account: account.name, smtp, queueDir: config.queueDir },
      log,
      complain,
    )
    if (transport === undefined) return undefined
    const guarded = guard(transport, account.name, server)
    // Two messages may have asked at the same time.
    const first = single.get(key) ?? guarded
    single.set(key, first)
    return first
  }

  async function chain(account: Account): Promise<Transport | undefined> {
    const names = [account.name, ...account.fallback]
    const accounts = names.flatMap((name) => findAccount(config, name) ?? [])
    const transports = await Promise.all(
      accounts.map(async (each) => {
        const transport = await alone(each, undefined)
        const isLast = each === accounts.at(-1)
        // What stops the last is told with what becomes of the message.
        if (transport === undefined || tellFault === undefined || isLast) return transport
        return tellingFaults(transport, each.name, tellFault)
      }),
    )
    return transportChain(
      transports.filter((transport) => transport !== undefined),
      accountFailed,
    )
  }

  return {
    over: async (account, server) => {
      if (server !== undefined) return alone(account, server)
      const transport = made.get(account.name) ?? (await chain(account))
      if (transport !== undefined) made.set(account.name, transport)
      return transport
    },
    close: async () => {
      await Promise.all([...single.values()].map((transport) => transport.close()))
    },
  }
}
