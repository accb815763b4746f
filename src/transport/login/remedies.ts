/**
 * What a server means when it refuses a login, and what to do about it: the remedy that is added to its words. The first
 * row that fits counts. docs/authentication.md shows the same table.
 */
import type { Failure } from '../failure.ts'
import type { Mechanism } from '../sasl/mechanisms.ts'

/** One row. All conditions that are given must hold. */
export interface LoginRemedy {
  /** In words, for the documentation. */
  readonly when: string
  readonly code?: RegExp
  readonly enhanced?: RegExp
  readonly text?: RegExp
  /** The server. */
  readonly host?: RegExp
  /** What the login showed. */
  readonly proof?: Mechanism['proof']
  readonly remedy: string
}

const GOOGLE = /(?:^|\.)(?:gmail|googlemail|google)\.com$/i
const APP_PASSWORDS = /(?:^|\.)(?:mail\.yahoo|mail\.aol|mail\.me|fastmail)\.com$/i

/** The table. */
export const LOGIN_REMEDIES: readonly LoginRemedy[] = [
  {
    when: 'an app password is asked for',
    code: /^53[45]$/,
    text: /application-specific password|app(?:lication)? password/i,
    remedy:
      'make an app password in the settings of the mail account and use it as the password, or log in with mq-auth',
  },
  {
    when: 'Gmail does not take the password',
    code: /^53[45]$/,
    host: GOOGLE,
    proof: 'password',
    remedy:
      'Gmail takes no password of a Google account: use an app password as the password, or log in with mq-auth',
  },
  {
    when: 'Microsoft takes no passwords from this account',
    code: /^535$/,
    enhanced: /^5\.7\.(?:139|3)$/,
    text: /basic authentication is disabled|SmtpClientAuthentication is disabled/i,
    remedy:
      'an administrator has to allow SMTP AUTH for the mailbox; log in with mq-auth where passwords are not taken',
  },
  {
    when: 'the provider wants an app password, as far as is known',
    code: /^535$/,
    host: APP_PASSWORDS,
    proof: 'password',
    remedy: 'this provider takes no account passwords: make an app password and use it as the password',
  },
  {
    when: 'encryption is required',
    code: /^538$|^530$/,
    text: /tls|encrypt|^538/i,
    remedy: 'set tls = verify',
  },
  { when: 'the mechanism is too weak', code: /^534$/, remedy: 'set auth to another mechanism' },
  {
    when: 'the password has to be changed into another form',
    code: /^432$/,
    remedy: 'log in once with auth = plain over TLS',
  },
  { when: 'a temporary failure', code: /^4/, remedy: 'nothing has to be done unless it lasts' },
  {
    when: 'an access token is refused',
    code: /^535$/,
    proof: 'token',
    remedy: 'check smtp_username; ask for permission anew with mq-auth, or correct what the token comes from',
  },
  {
    when: 'a client certificate is refused',
    code: /^535$/,
    proof: 'certificate',
    remedy: 'check smtp_username and tls_cert, or ask the operator of the server which certificate it knows',
  },
  {
    when: 'user name or password are wrong',
    code: /^535$/,
    remedy: 'check smtp_username and the password',
  },
]

/**
 * A refused login, with the remedy added to the reason.
 *
 * @param login the server, and what the login showed
 */
export function withRemedy(
  failure: Failure,
  login: { readonly host: string; readonly proof: Mechanism['proof'] },
): Failure {
  const fits = ({ code, enhanced, text, host, proof }: LoginRemedy): boolean =>
    (code?.test(failure.code === undefined ? '' : String(failure.code)) ?? true) &&
    (enhanced?.test(failure.enhanced ?? '') ?? true) &&
    (text?.test(failure.reason) ?? true) &&
    (host?.test(login.host) ?? true) &&
    (proof === undefined || proof === login.proof)
  const row = LOGIN_REMEDIES.find(fits)
  return row === undefined ? failure : { ...failure, reason: `${failure.reason}; ${row.remedy}` }
}
