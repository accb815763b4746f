/**
 * The public library. Everything an application may rely on is listed here; docs/library.md explains it.
 */
export { EX, type ExitCode } from './errors/sysexits.ts'
export type { ErrorCode } from './errors/codes.ts'
export { MailError } from './errors/mail-error.ts'
export { bufferContent, type MessageContent } from './message/content.ts'
export type { Envelope, Notify, RecipientRequest, ReportRequest } from './message/envelope.ts'
export type {
  AccountTrouble,
  Delivered,
  FailureScope,
  InDoubt,
  RecipientOutcome,
  Refusal,
  Refused,
} from './message/outcome.ts'
export type { Delivery, Transport } from './transport/transport.ts'
export { MemoryTransport, type KeptMessage, type OutcomeScript } from './transport/memory.ts'
export { smtpTransport } from './delivery/library/smtp-transport.ts'
export { SmtpTransport } from './transport/smtp.ts'
export { MaildirQueue } from './queue/maildir-queue.ts'
export { MemoryQueue } from './queue/memory/queue.ts'
export type { JournalEvent, TimedEvent } from './queue/journal/event.ts'
export type { MessageState, RecipientState, RecipientStatus } from './queue/journal/recipient-state.ts'
export type {
  Claim,
  ClaimResult,
  Disposition,
  EnqueueOptions,
  NewMessage,
  Note,
  Place,
  Quarantined,
  QueuedMessage,
  QueueEntry,
  QueueFacts,
  QueueStore,
  Recovered,
  Runner,
  Settled,
} from './queue/store.ts'
export type { RunnerRole } from './queue/runner-record.ts'
export type { LogFields, Logger } from './logging/logger.ts'
export type { EventName } from './logging/events.ts'
export type { Transaction, TransactionLog } from './logging/transaction-log.ts'
export type {
  Plugin,
  PluginAction,
  PluginApi,
  PluginEnd,
  PluginEvent,
  PluginHandler,
  PluginHooks,
  PluginMessage,
  PluginSetup,
  PluginSignal,
} from './plugins/contract.ts'
export type {
  LogLevel,
  MessageServer,
  SmtpSettings,
  SmtpTimeouts,
  SpoolMode,
  TlsLevel,
} from './config/config.ts'
export type { MailqueueAccount, MailqueueSettings } from './config/settings.ts'
export type { DeliveryContext } from './delivery/context.ts'
export type { ReportSettings } from './delivery/report/policy.ts'
export type { ReportPractice } from './delivery/report/practice.ts'
export type { RetryPolicy } from './delivery/schedule.ts'
export {
  openAdministration,
  type AdministrationOptions,
  type Administrator,
  type Changed,
} from './delivery/administer.ts'
export type { Change, Edit } from './delivery/administration.ts'
export type { Clock } from './util/clock.ts'
export type { SubmitResult } from './delivery/submit.ts'
export { SubmissionError } from './delivery/library/submission-error.ts'
export type { MessageInput } from './delivery/library/prepare-message.ts'
export type { Addresses } from './delivery/library/given-envelope.ts'
export {
  enqueueMessage,
  type EnqueueMessageOptions,
  type InProgressMessage,
  type QueuedReference,
} from './delivery/library/enqueue-message.ts'
export { MessageHandler, type SendResult } from './delivery/library/message-handler.ts'
export { runQueue, type RunQueueOptions } from './delivery/library/run-queue-settings.ts'
export type { RunOptions } from './delivery/run-queue.ts'
export type { RunReport, SiteFault, StoppedAccount } from './delivery/run-report.ts'
export {
  mailqueueTransport,
  type ComposedMail,
  type MailqueueInfo,
  type NodemailerTransport,
} from './delivery/library/nodemailer-transport.ts'
