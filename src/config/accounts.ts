/**
 * The accounts of a configuration, and the configuration as one of them has it.
 */
import { DEFAULT_ACCOUNT } from './account-name.ts'
import { accountSettings, type Written } from './account-settings.ts'
import {
  mergeAccounts,
  namesServer,
  refuseUnknown,
  sameServer,
  type MergedAccount,
  type Sections,
} from './account-sections.ts'
import type { Account, AccountSettings, Config, MessageServer, SmtpSettings } from './config.ts'
import { configInvalid } from './config-error.ts'
import type { GivenValue, GivenValues } from './given-values.ts'
import { OPTIONS } from './options.ts'
import { settingsAt } from './message-server.ts'
import type { Identity } from './sender-template.ts'

/** What the accounts were made of, for the messages that name a server of their own. */
const WRITTEN = new WeakMap<Account, Written>()

const NOTHING_WRITTEN: Written = { given: new Map<string, GivenValue>(), credentialsOf: [] }

/** How accounts are read. */
export interface AccountReading {
  readonly identity: Identity | undefined
  /** Replaces values of an account for one call. */
  readonly adjust?: ((given: Map<string, GivenValue>, account: string) => void) | undefined
  /** A part of the configuration is closed to this user: what is missing may be there. */
  readonly sealed?: boolean | undefined
}

function newAccount(name: string, settings: AccountSettings, written: Written): Account {
  const account = Object.freeze({ name, ...settings })
  WRITTEN.set(account, written)
  return account
}

/**
 * Reads all accounts; `default` is the first.
 *
 * @throws MailError CONFIG_INVALID, naming the place
 */
export function readAccounts(sections: Sections, reading: AccountReading): readonly [Account, ...Account[]] {
  const { identity, adjust, sealed = false } = reading
  const named = mergeAccounts(sections).map(({ name, where, ...merged }) => {
    const written = adjusted(name, merged, adjust)
    const settings = accountSettings(written, identity)
    if (!hasWay(settings) && !sealed)
      throw configInvalid(where, `the account ${name} has no server; add smtp_hostname`)
    refuseFallback(name, written.given, settings, { sections, sealed })
    return newAccount(name, settings, written)
  })
  const usuallyWritten = { given: sections.given, credentialsOf: [DEFAULT_ACCOUNT] }
  const written = adjusted(DEFAULT_ACCOUNT, usuallyWritten, adjust)
  const settings = accountSettings(written, identity)
  refuseFallback(DEFAULT_ACCOUNT, written.given, settings, { sections, sealed })
  const usual = newAccount(DEFAULT_ACCOUNT, settings, written)
  if (!hasWay(usual) && !sealed) for (const account of named) refuseUselessFallback(account)
  return Object.freeze([usual, ...named] as const)
}

/** Only `default` may have no server, and then it stands in for nobody. */
function refuseUselessFallback(account: Account): void {
  if (!account.fallback.includes(DEFAULT_ACCOUNT)) return
  const where = WRITTEN.get(account)?.given.get(OPTIONS.fallback.name)?.where ?? 'configuration'
  const sentence = `the fallback ${DEFAULT_ACCOUNT} of the account ${account.name} has no server`
  throw configInvalid(where, `${sentence}; add smtp_hostname to [mailqueue], or remove it from fallback`)
}

/** What the call says is put in. Another server than the one that is written down gets none of its secrets. */
function adjusted(
  account: string,
  { given, credentialsOf }: Pick<MergedAccount, 'given' | 'credentialsOf'>,
  adjust: AccountReading['adjust'],
): Written {
  const before = new Map(given)
  adjust?.(given, account)
  const another = namesServer(before) && !sameServer(before, given)
  return { given, credentialsOf: another ? [] : credentialsOf }
}

function refuseFallback(
  name: string,
  given: GivenValues,
  { fallback }: AccountSettings,
  { sections, sealed }: { readonly sections: Sections; readonly sealed: boolean },
): void {
  const where = given.get(OPTIONS.fallback.name)?.where ?? 'configuration'
  if (fallback.includes(name))
    throw configInvalid(where, `the account ${name} is its own fallback; remove it`)
  if (!sealed) for (const other of fallback) refuseUnknown(other, sections, where)
}

/** Whether mail can go over an account at all: to a server, or to what `deliver` names. */
export function hasWay({ deliver, smtp }: Pick<AccountSettings, 'deliver' | 'smtp'>): boolean {
  return deliver.to !== 'smtp' || smtp !== undefined
}

/** The account of that name. */
export function findAccount({ accounts }: Pick<Config, 'accounts'>, name: string): Account | undefined {
  return accounts.find((account) => account.name === name)
}

/** The configuration with the settings of an account in the place of those of `default`. */
export function configOf(config: Config, account: Account): Config {
  const { name, ...settings } = account
  return name === config.account ? config : Object.freeze({ ...config, ...settings, account: name })
}

/**
 * The server of an account, or a message's own.
 *
 * @returns undefined when the account has none
 * @throws MailError CONFIG_INVALID for a server that cannot be used with this account
 */
export function smtpOf(account: Account, server: MessageServer | undefined): SmtpSettings | undefined {
  if (server === undefined) return account.smtp
  if (account.deliver.to !== 'smtp') return undefined
  return settingsAt(account.name, WRITTEN.get(account) ?? NOTHING_WRITTEN, server)
}
