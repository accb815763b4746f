/**
 * The settings of one run, complete and checked: what the rest of the program sees instead of a file. Times are
 * milliseconds, paths are absolute, everything is frozen.
 */
import type { WebhookEvent } from './kinds/webhook.ts'

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
  /** TLS with one of the certificates that are named by fingerprint, or no mail. */
  | 'pin'

/** The oldest version of TLS that is spoken. */
export type TlsVersion = '1.0' | '1.1' | '1.2' | '1.3'

/** A service that a domain announces for the submission of mail: with TLS from the first byte, or with STARTTLS. */
export type SrvService = 'submissions' | 'submission'

/** What connections are made through. */
export interface ProxySettings {
  readonly scheme: 'socks5' | 'http'
  readonly host: string
  readonly port: number
  /** Both or neither. */
  readonly username: string | undefined
  readonly password: string | undefined
}

/** Where a message is kept while it is being submitted; see docs/queue.md. */
export type SpoolMode = 'fallback' | 'first' | 'only'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** What the logs show of mail addresses. */
export type LogPrivacy = 'full' | 'domain' | 'hash'

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

/** How mail is signed. */
export interface DkimSettings {
  /** In ASCII and lower case. */
  readonly domain: string
  readonly selector: string
  readonly keyFile: string
  /** A key that others can read is not used. */
  readonly strict: boolean
}

/** Where mail goes. */
export type DeliverTarget =
  | { readonly to: 'smtp' }
  | { readonly to: 'discard' }
  /** A Maildir. */
  | { readonly to: 'file'; readonly directory: string }
  /** A program and its arguments, at least the program. */
  | { readonly to: 'pipe'; readonly command: readonly string[] }

/** How to log in; `auto` is the best way that the server offers, `off` none. */
export type AuthMethod =
  | 'auto'
  | 'off'
  | 'plain'
  | 'login'
  | 'cram-md5'
  | 'scram-sha-1'
  | 'scram-sha-256'
  | 'xoauth2'
  | 'oauthbearer'
  | 'external'

/** Where OAuth 2.0 access tokens come from. */
export type OAuth2Settings =
  | { readonly kind: 'command'; readonly command: readonly string[] }
  | {
      readonly kind: 'refresh'
      /** Holds the refresh token; the access token is kept beside it. */
      readonly refreshTokenFile: string
      readonly clientId: string
      readonly clientSecret: string | undefined
      readonly tokenUrl: string
      /** What mq-auth uses to get a refresh token. */
      readonly authorizeUrl: string | undefined
      readonly deviceUrl: string | undefined
      readonly scope: string | undefined
    }

/** How to log in, besides user name and password. */
export interface AuthSettings {
  readonly method: AuthMethod
  /** The accounts whose secret from systemd is one for this login, in the order in which they count. */
  readonly credentialsOf: readonly string[]
  /** Program and arguments. */
  readonly passwordCommand: readonly string[] | undefined
  readonly passwordFile: string | undefined
  /** Why the password of the configuration cannot be told here. */
  readonly passwordMissing: string | undefined
  readonly oauth2: OAuth2Settings | undefined
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
  /** The server's name or address; with `srv` the domain that announces it. */
  readonly host: string
  /** Means nothing with `socket` and `srv`. */
  readonly port: number
  /** Unix socket to connect to instead of host and port. */
  readonly socket: string | undefined
  /** The services to look up under the domain `host`, in this order; undefined when the host is the server. */
  readonly srv: readonly SrvService[] | undefined
  /** Address of this machine that connections come from. */
  readonly sourceIp: string | undefined
  readonly proxy: ProxySettings | undefined
  /** TLS from the first byte instead of STARTTLS; with `srv` each service says it. */
  readonly implicitTls: boolean
  readonly tls: TlsLevel
  /** File with the certificates to trust instead of the built-in ones. */
  readonly tlsCa: string | undefined
  /** SHA-256, as `AB:CD:...`; not empty with the level `pin`, and only then. */
  readonly tlsFingerprints: readonly string[]
  /** Files with the certificate of this client and its key; both or neither. */
  readonly tlsCert: string | undefined
  readonly tlsKey: string | undefined
  readonly tlsMinVersion: TlsVersion
  /** The name that the certificate has to have, when it is not that of the server. */
  readonly tlsName: string | undefined
  readonly username: string | undefined
  /** The password of the configuration itself; see {@link AuthSettings} for other places. */
  readonly password: string | undefined
  readonly auth: AuthSettings
  /** Allows credentials over an unprotected connection. */
  readonly insecureAuth: boolean
  /** Name given with EHLO; undefined means this host's name, or `[127.0.0.1]` when that has no dot. */
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
  /** Each recipient has an envelope sender of its own. */
  readonly verp: boolean
  /** Undefined when mail is not signed. */
  readonly dkim: DkimSettings | undefined
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

/** Whose mail goes over an account, as patterns in lower case; an empty list says nothing. */
export interface MatchRules {
  readonly from: readonly string[]
  readonly recipient: readonly string[]
  /** Login names or numbers. */
  readonly user: readonly string[]
}

/** The server of one message, instead of its account's. Never has a user name or a password. */
export interface MessageServer {
  readonly host: string
  /** As the account says when left out. */
  readonly port?: number
  /** SMTP when left out. */
  readonly protocol?: SmtpSettings['protocol']
  /** What was asked for; as the account says when left out. */
  readonly tls?: TlsLevel
  /** SHA-256, as `AB:CD:...`, of the certificates to accept with the level `pin`. */
  readonly fingerprints?: readonly string[]
}

/** Which senders users may use for the mail that they drop; a file has rules for single users. */
export type SenderLogin =
  { readonly rule: 'any' } | { readonly rule: 'own' } | { readonly rule: 'file'; readonly path: string }

/** What each account has of its own. */
export interface AccountSettings {
  /** Where mail goes; with anything but `smtp` there is no smarthost. */
  readonly deliver: DeliverTarget
  /** How long a program that takes mail may run, in milliseconds. */
  readonly pipeTimeout: number
  /** Undefined when no smarthost is configured, or none is used. */
  readonly smtp: SmtpSettings | undefined
  /** Sender used when the caller gives none: an address or `Name <address>`; `%U %H %F` are already replaced. */
  readonly from: string | undefined
  /** Waiting times after the first, second, ... failed attempt; the last repeats. */
  readonly retry: readonly number[]
  /** Age at which a deferred message is given up. */
  readonly expire: number
  /** What happens to a message that the server may or may not have. */
  readonly inDoubt: 'retry' | 'hold'
  /** Age at which a deferred message from the null sender is given up. */
  readonly bounceExpire: number
  /** Age at which a sender is told that a message is delayed; undefined for never. */
  readonly delayNotice: number | undefined
  /** How long an interactive submission may take until the body starts. */
  readonly submitTimeout: number
  readonly headers: HeaderSettings
  readonly match: MatchRules
  /** Accounts that are tried in order when this one cannot be used. */
  readonly fallback: readonly string[]
}

/** A way out for mail: a server, who logs in there, and how mail looks that goes over it. */
export interface Account extends AccountSettings {
  readonly name: string
}

/** Where the application is told what becomes of its mail. */
export interface WebhookSettings {
  /** https, or http to this machine. */
  readonly url: string
  /** The secret of the configuration itself; systemd may have another one. */
  readonly secret: string | undefined
  /** Why that cannot be told here. */
  readonly secretMissing: string | undefined
  /** Program and arguments. */
  readonly secretCommand: readonly string[] | undefined
  readonly secretFile: string | undefined
  /** File with certificates to trust in addition; undefined for those of the account. */
  readonly tlsCa: string | undefined
  /** What it is told of; at least one. */
  readonly events: readonly WebhookEvent[]
  /** Events in one request. */
  readonly batch: number
  /** Age at which an event is dropped that nobody takes. */
  readonly expire: number
}

/** Everything the commands and the library work with. The settings of one account are those that are in use. */
export interface Config extends AccountSettings {
  /** The file it was read from; undefined when built by a program. */
  readonly source: string | undefined
  /** The account whose settings these are: `default` unless another one was named. */
  readonly account: string
  /** All accounts: `default` first, then the others in the order of the file. */
  readonly accounts: readonly Account[]
  /** True when a part of the configuration is closed to this user, who only hands in mail for somebody else to send. */
  readonly sealed: boolean
  readonly queueDir: string | undefined
  /** How often a daemon looks at the whole queue, in milliseconds. */
  readonly rescan: number
  readonly spool: SpoolMode
  /** Where users who may not write the queue drop their mail; undefined where there is no such place. */
  readonly submitDir: string | undefined
  readonly senderLogin: SenderLogin
  /** Octets of a message that is taken over from there. */
  readonly submitMaxSize: number
  /** Messages of one user that are taken over in an hour. */
  readonly submitMaxMessages: number
  /** Whether senders are told of mail that failed. */
  readonly bounce: 'dsn' | 'none'
  /** Delivery reports in one hour. */
  readonly bounceLimit: number
  /** Who is told of mail that failed and has no sender to be told. */
  readonly postmaster: string | undefined
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
  readonly deliveryLog: string | undefined
  readonly queueLog: string | undefined
  /** File path, `stderr`, `syslog` or `journal`. */
  readonly log: string | undefined
  readonly logLevel: LogLevel
  readonly logPrivacy: LogPrivacy
  /** File for the textfile collector of Prometheus. */
  readonly metricsFile: string | undefined
  /** Undefined when no application is told anything. */
  readonly webhook: WebhookSettings | undefined
  /** Package names, absolute module paths or absolute glob patterns. */
  readonly plugins: readonly string[]
  /** Sentences about settings that have no effect here, for a caller that is asked to be verbose. */
  readonly notes: readonly string[]
}
