/**
 * What one call of mq-sendmail asks for: what all of its options together mean.
 */
import type { ConfigOverride } from '../../config/load.ts'
import type { Envelope, ReportRequest } from '../../message/envelope.ts'
import type { Handling } from '../../queue/store.ts'
import type { HandlingWords } from '../handling-options.ts'
import type { ProxyWishes, TlsWishes } from './setting-options.ts'

/** What the command is to do. */
export type Mode =
  | 'send'
  | 'smtp-session'
  | 'verify'
  | 'list-queue'
  | 'check-aliases'
  | 'run-queue'
  | 'print-config'
  | 'server-info'
  | 'help'
  | 'version'

/** Which messages are meant, by a text that something of theirs contains; upper and lower case are the same. */
export interface QueueRunFilter {
  readonly of: 'id' | 'recipient' | 'sender'
  /** In lower case. */
  readonly text: string
}

/** One call of the command. */
export interface SendmailCall {
  mode: Mode
  /** An option asked for it, not the name of the command. */
  modeGiven: boolean
  config: string | undefined
  /** The server that is named instead of a configuration. */
  host: string | undefined
  account: string | undefined
  /** Values of the configuration that are replaced for this call. */
  settings: ConfigOverride[]
  tls: TlsWishes
  proxy: ProxyWishes
  aliases: string | undefined
  from: string | undefined
  /** The envelope sender is the one that the From header names. */
  readEnvelopeFrom: boolean
  fullName: string | undefined
  readRecipients: boolean
  ignoreDots: boolean
  queueOnly: boolean
  noAliases: boolean
  verbose: boolean
  json: boolean
  /** How the log of events calls the program. */
  logName: string | undefined
  /** Undefined when no option asks for anything. */
  reports: ReportRequest | undefined
  /** Which messages a run of the queue is about; all when empty. */
  selects: QueueRunFilter[]
  /** The options about the queue as they were given, and what they mean. */
  handlingWords: HandlingWords
  handling: Handling
  /** What the body was declared as; undefined when the bytes decide. */
  body: Envelope['body']
  operands: readonly string[]
}
