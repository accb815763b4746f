/**
 * What became of one recipient in one attempt. Transports produce outcomes, the queue stores them, the
 * delivery policy decides by them: so they live here, below all three.
 */

/** Whose fault a failure is, and so what else it stops. */
export type FailureScope =
  /** This address only; the others go out. */
  | 'recipient'
  /** This message; others may still go over the same account. */
  | 'message'
  /** The smarthost or the way to it: nothing goes over this account now, and no message is to blame. */
  | 'account'
  /** This machine (disk, file descriptors): stop, touch nothing. */
  | 'host'

/** What is wrong with an account: how long it is left alone depends on it. */
export type AccountTrouble =
  /** The server cannot be reached, or does not talk to us: DNS, connecting, greeting, TLS, 421. */
  | 'connection'
  /** It does not accept the login, or demands one. */
  | 'login'
  /** The provider's quota is used up. */
  | 'quota'
  /** This site lacks what it needs to use the account, such as a file or a program that its configuration names. */
  | 'setup'
  /** The site's own limit is used up: nobody was asked, and nothing is wrong with the account. */
  | 'limit'
  /** What is sent cannot be counted, so nobody was asked: a person has to mend it, and nothing is wrong with the account. */
  | 'uncounted'

/** The server took responsibility: a 2xx reply to the final dot. */
export interface Delivered {
  readonly status: 'delivered'
  readonly recipient: string
  /** The server's whole final reply, on one line. */
  readonly reply: string
  /** The server's own queue id, when its reply names one. */
  readonly remoteId?: string
  /** Set when the server took over the delivery reports that the envelope asks for (RFC 3461). */
  readonly reportsTaken?: true
}

/** Not taken: `deferred` may work later, `failed` never will. */
export interface Refused {
  readonly status: 'deferred' | 'failed'
  readonly recipient: string
  readonly scope: FailureScope
  /** One line for people: the server's words, or ours when there was no reply. */
  readonly reason: string
  /** The three-digit reply code, when there was a reply. */
  readonly code?: number
  /** Enhanced status code (RFC 3463) from the reply. */
  readonly enhanced?: string
  /**
   * What is wrong with the account, when it is to blame. With the scope `message` it can be `setup`: this site lacks what
   * this message needs, such as the key of its signature, and others do not.
   */
  readonly trouble?: AccountTrouble
  /** What the site wants done with new mail above its own limit; it waits in the queue when left out. */
  readonly onLimit?: 'reject' | 'hold'
  /**
   * Set when the session was open and this message under way: although the account is to blame, another
   * message may fare better, so this one must not stay the first in the queue.
   */
  readonly underWay?: true
  /** Nobody was asked, and nobody will be before this time, in milliseconds since the epoch; not known when left out. */
  readonly retryAt?: number
}

/** A refusal that is the same for all recipients, before it is told of each of them. */
export type Refusal = Omit<Refused, 'recipient'>

/** The body was handed over completely and no reply came: the server may or may not have the message. */
export interface InDoubt {
  readonly status: 'in-doubt'
  readonly recipient: string
  readonly reason: string
}

/** The result of one attempt for one recipient. */
export type RecipientOutcome = Delivered | Refused | InDoubt
