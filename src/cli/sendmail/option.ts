/**
 * One option of mq-sendmail, as its table has it.
 */
import type { OPTIONS } from '../../config/options.ts'
import type { HandlingWords } from '../handling-options.ts'
import type { OptionRow } from '../option-table.ts'

/** What an option does. */
export type SendmailEffect =
  | 'account'
  | 'aliases'
  | 'body'
  | 'certificate-check'
  | 'check-aliases'
  | 'config'
  | 'debug'
  | 'envid'
  | 'fingerprint'
  | 'from'
  | 'full-name'
  | 'handling'
  | 'help'
  | 'host'
  | 'ignore-dots'
  | 'ignored'
  | 'json'
  | 'log-name'
  | 'mode'
  | 'no-aliases'
  | 'notify'
  | 'pretend'
  | 'proxy-host'
  | 'proxy-port'
  | 'queue-run'
  | 'read-envelope-from'
  | 'read-recipients'
  | 'refused'
  | 'return'
  | 'server-info'
  | 'set-option'
  | 'setting'
  | 'starttls'
  | 'tls'
  | 'verbose'
  | 'version'

/** A value of the configuration that an option replaces for one call. */
export interface OptionSetting {
  readonly key: keyof typeof OPTIONS
  /** What the option means without an argument. */
  readonly bare?: string
  /** Words of msmtp that the configuration calls otherwise. */
  readonly words?: Readonly<Record<string, string>>
}

/** One option. */
export interface SendmailOption extends OptionRow {
  readonly effect: SendmailEffect
  /** Of the effect `handling`. */
  readonly sets?: keyof HandlingWords
  /** Of the effect `setting`. */
  readonly setting?: OptionSetting
}
