/**
 * Every option there is, in one table: the reader, `--print-config`, the suggestions for unknown keys, the
 * manual page, docs/configuration.md and mailqueue.conf.example all follow it or are tested against it.
 */
import type { OptionKind } from './option-kind.ts'
import { REPLY_RULES } from './reply-rules.ts'
import {
  ADDRESS,
  CHARSET,
  DOMAIN_NAME,
  DOMAINS,
  HELO,
  HOST,
  LOG_TARGET,
  MASQUERADE,
  MODULES,
  PATH,
  PATTERNS,
  SENDER,
  TEXT,
} from './text-kinds.ts'
import { choice, duration, durations, integer, YES_NO } from './value-kinds.ts'

/** One row of the table. */
export interface Option<T> {
  readonly name: string
  readonly kind: OptionKind<T>
  /** One line of documentation. */
  readonly doc: string
  readonly default: T | undefined
  /** The default in words, where it depends on other options. */
  readonly defaultNote?: string
  readonly aliases?: readonly string[]
  /** Its value is never shown, and comment signs in it mean nothing. */
  readonly secret?: boolean
  /** Only has a meaning in a file, not in the settings of a program. */
  readonly fileOnly?: boolean
}

/** A row whose option always has a value. */
export interface DefaultedOption<T> extends Option<T> {
  readonly default: T
}

type Extras = Pick<Option<unknown>, 'aliases' | 'secret' | 'fileOnly' | 'defaultNote'>

const optional = <T>(name: string, kind: OptionKind<T>, doc: string, extras: Extras = {}): Option<T> => ({
  name,
  kind,
  doc,
  default: undefined,
  ...extras,
})

const defaulted = <T>(
  name: string,
  kind: OptionKind<T>,
  value: NoInfer<T>,
  doc: string,
): DefaultedOption<T> => ({ name, kind, doc, default: value })

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const TIMEOUT = duration('1d')
const SCHEDULE = Object.freeze([MINUTE, 3 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR])
const NONE = Object.freeze<never[]>([])

/** The options by name. */
export const OPTIONS = {
  smtp_hostname: optional('smtp_hostname', HOST, 'The smarthost that takes the mail.', { aliases: ['host'] }),
  smtp_port: optional('smtp_port', integer(1, 65535), 'Its port; 465 speaks TLS from the first byte.', {
    aliases: ['port'],
    defaultNote: '24 for LMTP, 587 with a user name, else 25',
  }),
  protocol: defaulted(
    'protocol',
    choice('smtp', 'lmtp'),
    'smtp',
    'What the server speaks; with LMTP each recipient has an outcome of its own.',
  ),
  smtp_username: optional('smtp_username', TEXT, 'User name for AUTH.', { aliases: ['user'] }),
  smtp_password: optional(
    'smtp_password',
    TEXT,
    'Password for AUTH; the whole rest of the line, without comments.',
    {
      aliases: ['password'],
      secret: true,
    },
  ),
  helo: optional('helo', HELO, 'Name given with EHLO.', { defaultNote: "this host's name" }),

  tls: optional(
    'tls',
    choice('off', 'may', 'require', 'verify'),
    'Whether TLS is used, demanded and verified.',
    {
      defaultNote: 'verify with a user name or tls_ca, else may',
    },
  ),
  tls_ca: optional(
    'tls_ca',
    PATH,
    'File with the certificates (PEM) to trust instead of those of the system.',
  ),
  insecure_auth: defaulted('insecure_auth', YES_NO, false, 'Allow the password to be sent without TLS.'),

  smtp_timeout: optional('smtp_timeout', TIMEOUT, 'Upper limit for each step before the body is sent.'),
  submit_timeout: optional(
    'submit_timeout',
    TIMEOUT,
    'How long a submission may take until the body starts.',
    {
      defaultNote: 'smtp_timeout if given, else 30s',
    },
  ),
  timeout_connect: defaulted('timeout_connect', TIMEOUT, 30 * SECOND, 'Limit for connecting.'),
  timeout_banner: defaulted('timeout_banner', TIMEOUT, MINUTE, "Limit for the server's greeting."),
  timeout_command: defaulted(
    'timeout_command',
    TIMEOUT,
    5 * MINUTE,
    'Limit for EHLO, AUTH, MAIL and RCPT, each.',
  ),
  timeout_data: defaulted('timeout_data', TIMEOUT, 2 * MINUTE, 'Limit from DATA to its reply.'),
  timeout_block: defaulted(
    'timeout_block',
    TIMEOUT,
    3 * MINUTE,
    'Limit for sending one block of the message.',
  ),
  timeout_dot: defaulted(
    'timeout_dot',
    TIMEOUT,
    10 * MINUTE,
    'Limit for the reply to the end of the message.',
  ),
  connections: defaulted(
    'connections',
    integer(1, 1000),
    4,
    'Connections to the smarthost at the same time.',
  ),
  messages_per_connection: defaulted(
    'messages_per_connection',
    integer(1, 1_000_000),
    100,
    'Messages sent over one connection before it is closed.',
  ),
  max_recipients: defaulted(
    'max_recipients',
    integer(1, 100_000),
    100,
    'Recipients in one SMTP transaction.',
  ),

  reply_filter: defaulted(
    'reply_filter',
    REPLY_RULES,
    NONE,
    'What replies of the server mean: EXPRESSION => temporary, permanent or pause.',
  ),
  soft_bounce: defaulted('soft_bounce', YES_NO, false, 'Treat every permanent failure as temporary.'),

  queue_dir: optional('queue_dir', PATH, 'The queue; without it, nothing is queued.'),
  spool: defaulted(
    'spool',
    choice('fallback', 'first', 'only'),
    'fallback',
    'Queue after a failure, before sending, or without sending.',
  ),
  retry: defaulted(
    'retry',
    durations('365d'),
    SCHEDULE,
    'Waits after each failed attempt; the last one repeats.',
  ),
  expire: defaulted('expire', duration('365d'), 5 * 24 * HOUR, 'Age at which a queued message is given up.'),
  in_doubt: defaulted(
    'in_doubt',
    choice('retry', 'hold'),
    'retry',
    'What happens to a message that the server may have: sent again, or held.',
  ),

  bounce: defaulted(
    'bounce',
    choice('dsn', 'none'),
    'dsn',
    'Whether a delivery report tells the sender of mail that failed.',
  ),
  bounce_expire: defaulted(
    'bounce_expire',
    duration('365d'),
    2 * 24 * HOUR,
    'Age at which mail from the null sender is given up, unless expire is less.',
  ),
  bounce_limit: defaulted(
    'bounce_limit',
    integer(1, 1_000_000),
    100,
    'Delivery reports in one hour; more than that wait.',
  ),
  postmaster: optional(
    'postmaster',
    ADDRESS,
    'Who is told of mail that failed and has no sender to be told.',
  ),
  delay_notice: optional(
    'delay_notice',
    duration('365d'),
    'Age at which a sender is told that a message is delayed.',
    { defaultNote: 'never' },
  ),

  from: optional('from', SENDER, 'Sender when none is given; %U is the user, %H the host, %F the full name.'),
  aliases: defaulted('aliases', PATH, '/etc/aliases', 'The aliases file.'),
  local_domains: defaulted(
    'local_domains',
    DOMAINS,
    NONE,
    'Domains whose recipients are looked up in the aliases.',
  ),
  default_alias: defaulted(
    'default_alias',
    YES_NO,
    false,
    'Whether the alias default, or *, catches local recipients that have no alias.',
  ),
  user_forward: defaulted(
    'user_forward',
    YES_NO,
    false,
    'Whether users of this machine can have their mail forwarded with ~/.forward.',
  ),
  recipient_delimiter: optional(
    'recipient_delimiter',
    choice('+', '-', '=', '_'),
    'What separates a local name from a tag, so that ann+news finds ann.',
    { defaultNote: 'none' },
  ),
  mail_dialect: defaulted(
    'mail_dialect',
    choice('auto', 'bsd', 's-nail', 'mailutils'),
    'auto',
    'Which mail program mq-mail is where they differ; auto goes by the words.',
  ),
  fallback_charset: defaulted(
    'fallback_charset',
    CHARSET,
    'iso-8859-1',
    'Charset of text for mq-mail that is neither ASCII nor UTF-8.',
  ),
  qualify_domain: optional('qualify_domain', DOMAIN_NAME, 'Domain for addresses that have none.', {
    defaultNote: 'the mail name of this host',
  }),

  force_from: defaulted('force_from', YES_NO, false, 'Send everything from the sender in from.'),
  masquerade: optional('masquerade', MASQUERADE, 'What senders and headers show for addresses of this host.'),
  qualify_headers: defaulted(
    'qualify_headers',
    YES_NO,
    true,
    'Add the domain to addresses in the header that have none.',
  ),
  set_from_header: defaulted(
    'set_from_header',
    choice('auto', 'on', 'off'),
    'auto',
    'From: added when missing, replaced by the sender, or never touched.',
  ),
  set_date_header: defaulted(
    'set_date_header',
    choice('auto', 'off'),
    'auto',
    'Date: added when missing, or never.',
  ),
  set_msgid_header: defaulted(
    'set_msgid_header',
    choice('auto', 'off'),
    'auto',
    'Message-ID: added when missing, or never.',
  ),
  set_to_header: defaulted(
    'set_to_header',
    choice('off', 'auto', 'on', 'undisclosed_recipients'),
    'off',
    'To: never touched, added when missing, or put in the place of To and Cc.',
  ),
  remove_bcc_headers: defaulted('remove_bcc_headers', YES_NO, true, 'Remove Bcc and Resent-Bcc.'),

  delivery_log: optional('delivery_log', PATH, 'File that gets one line for each message sent.'),
  queue_log: optional('queue_log', PATH, 'File that gets one line for each message queued.'),
  log: optional('log', LOG_TARGET, 'File, or stderr, that gets the log of events.'),
  log_level: defaulted(
    'log_level',
    choice('debug', 'info', 'warn', 'error'),
    'info',
    'The least important events to log.',
  ),
  plugins: defaulted('plugins', MODULES, NONE, 'Plug-in modules to load.'),
  logging_conf: optional('logging_conf', PATH, 'Python logging file; accepted, but has no effect.'),
  logging_config: optional('logging_config', PATH, 'Python logging file; accepted, but has no effect.'),

  include: optional('include', PATTERNS, 'More files to read.', { fileOnly: true }),
  strict_permissions: optional(
    'strict_permissions',
    YES_NO,
    'Refuse a file with a password that others can read.',
    {
      fileOnly: true,
      defaultNote: 'no',
    },
  ),
} as const

/** The names of the sections, which all mean the same. */
export const SECTIONS: readonly string[] = ['mailqueue', 'mqrunner']

const BY_NAME: ReadonlyMap<string, Option<unknown>> = new Map(
  Object.values<Option<unknown>>(OPTIONS).flatMap((option) =>
    [option.name, ...(option.aliases ?? [])].map((name) => [name, option] as const),
  ),
)

/** All names an option can be given by, aliases included. */
export const OPTION_NAMES: readonly string[] = [...BY_NAME.keys()]

/** The option of that name or alias, in lower case. */
export function findOption(name: string): Option<unknown> | undefined {
  return BY_NAME.get(name)
}
