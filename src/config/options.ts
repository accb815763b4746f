/**
 * Every option there is, in one table: the reader, `--print-config`, the suggestions for unknown keys, the
 * manual page, docs/configuration.md and mailqueue.conf.example all follow it or are tested against it.
 */
import { ACCOUNT_OPTIONS } from './options/account-options.ts'
import { ADDRESS_OPTIONS } from './options/address-options.ts'
import { AUTH_OPTIONS } from './options/auth-options.ts'
import { FILE_OPTIONS } from './options/file-options.ts'
import { HEADER_OPTIONS } from './options/header-options.ts'
import { LIMIT_OPTIONS } from './options/limit-options.ts'
import { LOG_OPTIONS } from './options/log-options.ts'
import { QUEUE_OPTIONS } from './options/queue-options.ts'
import { SERVER_OPTIONS } from './options/server-options.ts'
import { SIGN_OPTIONS } from './options/sign-options.ts'
import { SUBMIT_OPTIONS } from './options/submit-options.ts'
import { TIMING_OPTIONS } from './options/timing-options.ts'
import { TLS_OPTIONS } from './options/tls-options.ts'
import { WEBHOOK_OPTIONS } from './options/webhook-options.ts'
import type { Option } from './options/option.ts'

/** The options by name. */
export const OPTIONS = {
  ...SERVER_OPTIONS,
  ...TLS_OPTIONS,
  ...AUTH_OPTIONS,
  ...TIMING_OPTIONS,
  ...LIMIT_OPTIONS,
  ...QUEUE_OPTIONS,
  ...SUBMIT_OPTIONS,
  ...ADDRESS_OPTIONS,
  ...HEADER_OPTIONS,
  ...SIGN_OPTIONS,
  ...LOG_OPTIONS,
  ...WEBHOOK_OPTIONS,
  ...FILE_OPTIONS,
  ...ACCOUNT_OPTIONS,
} as const

const ALL = Object.values<Option<unknown>>(OPTIONS)

/** What an account does not inherit when it names another server. */
export const BOUND_TO_SERVER: readonly Option<unknown>[] = [
  ...Object.values<Option<unknown>>(AUTH_OPTIONS),
  ...ALL.filter(({ boundToServer }) => boundToServer === true),
]

/**
 * What an option of a call says about one server: where it is, TLS and the login. It holds for one account; another
 * one would send the password, or mail that was to be protected, to another server.
 */
export const ABOUT_SERVER: ReadonlySet<string> = new Set(
  [
    OPTIONS.smtp_hostname,
    OPTIONS.smtp_port,
    OPTIONS.protocol,
    ...Object.values<Option<unknown>>(TLS_OPTIONS),
    ...BOUND_TO_SERVER,
  ].map(({ name }) => name),
)

/** What of that stays with a message that has to wait. */
export const KEPT_WITH_MESSAGE: ReadonlySet<string> = new Set(
  [OPTIONS.smtp_hostname, OPTIONS.smtp_port, OPTIONS.protocol, OPTIONS.tls, OPTIONS.tls_fingerprint].map(
    ({ name }) => name,
  ),
)

/** The names of the sections, which all mean the same. */
export const SECTIONS: readonly string[] = ['mailqueue', 'mqrunner']

const BY_NAME = new Map<string, Option<unknown>>()
for (const option of ALL) {
  BY_NAME.set(option.name, option)
  for (const alias of option.aliases ?? []) BY_NAME.set(alias, option)
}

/** All names an option can be given by, aliases included. */
export const optionNames = (): string[] => [...BY_NAME.keys()]

/** The option of that name or alias, in lower case. */
export function findOption(name: string): Option<unknown> | undefined {
  return BY_NAME.get(name)
}
