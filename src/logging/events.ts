/**
 * The names of all log events: a contract with whoever reads the logs. A name is never reused for something
 * else; docs/logging.md carries the same table.
 */
export const EVENTS = {
  'message.delivered': 'the server accepted the message for these recipients',
  'message.deferred': 'a temporary failure; the message waits for its next attempt',
  'message.failed': 'a permanent failure; the message is kept in failed/',
  'message.in-doubt': 'the body was handed over but no reply came',
  'message.queued': 'the message is on stable storage in the queue',
  'message.expired': 'too old to be tried again; kept in failed/',
  'message.discarded':
    'a plug-in gave the message up, or it was above a limit and on_limit refuses such mail',
  'message.bounced': 'the sender is told what became of the message; the report is in the queue',
  'message.delay-noticed': 'the sender is told that the message is delayed; the notice is in the queue',
  'message.taken': 'an administrator or another run took the message while it was being delivered',
  'message.changed': 'an administrator changed the message',
  'message.held': 'the message waits in hold/ until released',
  'message.unsigned': 'sent without our DKIM signature, which is not for its From',
  'message.dropped': 'thrown away, as deliver = discard asks',
  'dkim.failed': 'the DKIM key cannot be used; mail that needs it waits',
  'account.failed': 'the smarthost cannot be used now; no message is to blame',
  'account.missing': 'a queued message is for an account that is not configured; it waits',
  'account.works': 'the smarthost takes mail again',
  'limit.reached': 'a limit of the account is used up; nothing is sent over it until there is room again',
  'limit.unknown': 'the limits of the account cannot be counted, so nothing is sent over it',
  'report.impossible': 'no report can be sent to the sender of a message; it stays in failed/',
  'report.postponed': 'a report for the sender could not be made yet; it is tried again',
  'webhook.missing': 'the application will not be told what became of these recipients',
  'webhook.sent': 'the application has taken events',
  'webhook.failed': 'the application did not take events; they wait',
  'webhook.dropped': 'events became too old before the application took them',
  'webhook.damaged': 'a file that is no report was moved from outbox/ to corrupt/',
  'queue.recovered': 'a claim of a process that is gone was taken back',
  'queue.quarantined': 'a file that is no queued message was moved to corrupt/',
  'queue.busy': 'another runner is at work on this queue',
  'queue.stopped': 'a runner stopped before everything due was tried',
  'run.finished': 'a runner has tried everything that was due',
  'tls.failed': 'a server offers TLS that does not work; with tls = may the mail goes without it',
  'smtp.dialogue': 'one line of the SMTP dialogue, secrets removed',
  'plugin.failed': 'a plug-in threw, hung or could not be loaded',
  'config.ignored': 'a setting that has no effect here',
} as const

/** A key of {@link EVENTS}. */
export type EventName = keyof typeof EVENTS
