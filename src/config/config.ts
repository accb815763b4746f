/**
 * The settings of one run, complete and checked: what the rest of the program sees instead of a file. Times are
 * milliseconds, paths are absolute, everything is frozen.
 */

/** How the connection to the smarthost is protected. */
export type TlsLevel =
  /** Never. */
  | 'off'
  /** STARTTLS when the server offers it; the certificate is not verified. */
  | 'may'
  /** TLS or no mail; the certificate is not verified. */
  | 'require'
  /** TLS with a valid certificate for the host's name, or no mail. */
  | 'verify'

/** Where a message is kept while it is being submitted; see docs/queue.md. */
export type SpoolMode = 'fallback' | 'first' | 'only'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** The limits of each step of an SMTP session, in milliseconds (RFC 5321 section 4.5.3.2). */
export interface SmtpTimeouts {
  readonly connect: number
  readonly banner: number
  /** EHLO, AUTH, MAIL, RCPT. */
  readonly command: number
  /** From DATA to its 354 reply. */
  readonly data: number
  /** One block of the message. */
  readonly block: number
  /** The reply to the final dot; too short a limit here is how mail is sent twice. */
  readonly dot: number
}

/** What a reply of the server means, whatever the built-in table says. */
export interface ReplyRule {
  /** Tried on the reply as one line, codes included. */
  readonly pattern: RegExp
  /** A class of failure, or `pause`: leave the whole account alone for a long time. */
  readonly action: 'temporary' | 'permanent' | 'pause'
}

/** How much may be sent over an account; undefined where nothing limits it. */
export interface AccountLimits {
  readonly perMinute: number | undefined
  readonly perHour: number | undefined
  readonly perDay: number | undefined
  readonly recipientsPerDay: number | undefined
  /** What happens to new mail above a limit. */
  readonly onLimit: 'defer' | 'reject' | 'hold'
}

/** How to reach and use a smarthost. */
export interface SmtpSettings {
  readonly protocol: 'smtp' | 'lmtp'
  readonly host: string
  readonly port: number
  /** TLS from the first byte (port 465) instead of STARTTLS. */
  readonly implicitTls: boolean
  readonly tls: TlsLevel
  /** File with the certificates to trust instead of the system's. */
  readonly tlsCa: string | undefined
  readonly username: string | undefined
  readonly password: string | undefined
  /** Allows credentials over an unprotected connection. */
  readonly insecureAuth: boolean
  /** Name given with EHLO; undefined means this host's name. */
  readonly helo: string | undefined
  readonly timeouts: SmtpTimeouts
  /** Connections at the same time. */
  readonly connections: number
  readonly messagesPerConnection: number
  /** Recipients in one transaction. */
  readonly maxRecipients: number
  /** Undefined when nothing is limited. */
  readonly limits: AccountLimits | undefined
  /** The first that fits decides what a reply means. */
  readonly replyFilter: readonly ReplyRule[]
  /** Every permanent failure counts as temporary. */
  readonly softBounce: boolean
}

/** Shown in the place of addresses of this host. */
export interface MasqueradeSettings {
  readonly domain: string
  /** The whole address that stands for every sender; undefined when senders keep their local parts. */
  readonly sender: string | undefined
}

/** What is done to the sender and the header of a message; see docs/headers.md. */
export interface HeaderSettings {
  /** Everything is sent from the configured sender, whoever is named. */
  readonly forceFrom: boolean
  readonly masquerade: MasqueradeSettings | undefined
  /** Addresses without a domain get one. */
  readonly qualify: boolean
  /** From is added when missing, replaced by the envelope sender, or left alone. */
  readonly setFrom: 'auto' | 'on' | 'off'
  readonly setDate: 'auto' | 'off'
  readonly setMessageId: 'auto' | 'off'
  /** To is left alone, added when missing, or put in the place of To and Cc. */
  readonly setTo: 'off' | 'auto' | 'on' | 'undisclosed_recipients'
  readonly removeBcc: boolean
}

/** Everything the commands and the library work with. */
export interface Config {
  /** The file it was read from; undefined when built by a program. */
  readonly source: string | undefined
  /** Undefined when no smarthost is configured. */
  readonly smtp: SmtpSettings | undefined
  readonly queueDir: string | undefined
  /** Sender used when the caller gives none: an address or `Name <address>`; `%U %H %F` are already replaced. */
  readonly from: string | undefined
  readonly spool: SpoolMode
  /** Waiting times after the first, second, ... failed attempt; the last repeats. */
  readonly retry: readonly number[]
  /** Age at which a deferred message is given up. */
  readonly expire: number
  /** What happens to a message that the server may or may not have. */
  readonly inDoubt: 'retry' | 'hold'
  /** Whether senders are told of mail that failed. */
  readonly bounce: 'dsn' | 'none'
  /** Age at which a deferred message from the null sender is given up. */
  readonly bounceExpire: number
  /** Delivery reports in one hour. */
  readonly bounceLimit: number
  /** Who is told of mail that failed and has no sender to be told. */
  readonly postmaster: string | undefined
  /** Age at which a sender is told that a message is delayed; undefined for never. */
  readonly delayNotice: number | undefined
  /** How long an interactive submission may take until the body starts. */
  readonly submitTimeout: number
  readonly aliases: string
  readonly localDomains: readonly string[]
  /** Local recipients without an alias go to the alias `default` or `*`. */
  readonly defaultAlias: boolean
  /** The forward files of the users of this machine count. */
  readonly userForward: boolean
  /** One character between a local name and a tag; undefined when names have no tags. */
  readonly recipientDelimiter: string | undefined
  /** Which mail(1) mq-mail is where they differ; `auto` decides by the shape of the words. */
  readonly mailDialect: 'auto' | 'bsd' | 's-nail' | 'mailutils'
  /** What text that is neither ASCII nor UTF-8 is taken for, in lower case. */
  readonly fallbackCharset: string
  /** Domain for addresses that have none; undefined means the mail name of this host. */
  readonly qualifyDomain: string | undefined
  readonly headers: HeaderSettings
  readonly deliveryLog: string | undefined
  readonly queueLog: string | undefined
  /** File path or `stderr`. */
  readonly log: string | undefined
  readonly logLevel: LogLevel
  /** Package names, absolute module paths or absolute glob patterns. */
  readonly plugins: readonly string[]
  /** Sentences about settings that have no effect here, for a caller that is asked to be verbose. */
  readonly notes: readonly string[]
}
