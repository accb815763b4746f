/**
 * The contract of a login mechanism (SASL, RFC 4422): a conversation as a state machine that knows no network. It
 * gets what the server says, decoded, and answers with octets, or throws {@link SaslError} with words for people that
 * never hold a secret.
 */

/** Who logs in. A token takes the place of the password where a mechanism carries one. */
export interface SaslIdentity {
  readonly user: string
  readonly secret: string
}

/** Ties a login to the TLS connection that it is made on (RFC 5056). */
export interface ChannelBinding {
  readonly type: 'tls-exporter' | 'tls-server-end-point'
  readonly data: Buffer
}

/** One login with one mechanism, from its first octets to the server's verdict. */
export interface SaslClient {
  /** What the client begins with; undefined when the server speaks first. */
  readonly first: Buffer | undefined
  /**
   * Answers a challenge.
   *
   * @throws SaslError for a challenge that makes no sense, or that is a refusal or a lie
   */
  step(challenge: Buffer): Promise<Buffer>
  /** Why the server's success is not to be believed; undefined when it is. */
  doubt(): string | undefined
  /** What the server said about a failure in its challenges, when the mechanism has a place for it (RFC 7628). */
  readonly complaint?: string | undefined
}

/** The conversation cannot go on. */
export class SaslError extends Error {
  /** The mechanism cannot be used here, and another may do: nothing was refused. */
  readonly unusable: boolean

  constructor(message: string, unusable = false) {
    super(message)
    this.name = 'SaslError'
    this.unusable = unusable
  }
}

/** A mechanism that says what it has to say in one go. */
export function oneShot(message: Buffer): SaslClient {
  return {
    first: message,
    step: () => Promise.reject(new SaslError('the server asked for more than the mechanism has to say')),
    doubt: () => undefined,
  }
}
