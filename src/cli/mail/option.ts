/**
 * One option of mq-mail, as its table has it, and the dialects of mail(1) in which it may read otherwise.
 */
import type { Config } from '../../config/config.ts'
import type { ArgumentKind } from '../getopt.ts'
import type { HandlingWords } from '../handling-options.ts'
import type { OptionRow } from '../option-table.ts'

/** Which mail program the caller was written for; `auto` goes by the shape of the words. */
export type Dialect = Config['mailDialect']

/** What an option does. */
export type MailEffect =
  | 'account-or-file'
  | 'aliases'
  | 'alternative'
  | 'attach'
  | 'bcc'
  | 'body-file'
  | 'body-type'
  | 'cc'
  | 'config'
  | 'config-or-header'
  | 'content-name'
  | 'content-type'
  | 'dry-run'
  | 'encoding'
  | 'exec'
  | 'from'
  | 'handling'
  | 'header-or-file'
  | 'help'
  | 'ignore-interrupts'
  | 'ignored'
  | 'keep-empty-attachments'
  | 'no-system-rc'
  | 'quote'
  | 'rc-spec'
  | 'refused'
  | 'set-variable'
  | 'skip-empty'
  | 'skip-empty-attachments'
  | 'subject'
  | 'target'
  | 'template'
  | 'tildes'
  | 'verbose'
  | 'version'

/** One option. */
export interface MailOption extends OptionRow {
  /** Where a dialect has no doubt about what `takes` leaves to the shape of a word. */
  readonly takesIn?: Partial<Readonly<Record<Dialect, ArgumentKind>>>
  /** The argument in the help text. */
  readonly argument?: string
  readonly effect: MailEffect
  /** Of the effect `handling`. */
  readonly sets?: keyof HandlingWords
}
