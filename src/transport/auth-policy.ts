/**
 * Whether the credentials may be used on a connection, and how. They are never sent where somebody could read
 * them unless the configuration says so; in any doubt the answer is a failure of the account, never of a mail.
 */
import type { SmtpSettings } from '../config/config.ts'
import type { Capabilities } from './capabilities.ts'
import type { Failure } from './failure.ts'

/** How well a connection is protected. */
export interface LinkProtection {
  readonly secure: boolean
  /** The certificate is valid and names the host. */
  readonly verified: boolean
}

/** No login wanted, a login to be made, or a reason why none can be. */
export type LoginPlan =
  | { readonly kind: 'none' }
  | { readonly kind: 'login'; readonly mechanism: string; readonly user: string; readonly pass: string }
  | { readonly kind: 'refused'; readonly failure: Failure }

const MECHANISMS = ['PLAIN', 'LOGIN', 'CRAM-MD5']
/** Without TLS the one mechanism that does not show the password comes first. */
const MECHANISMS_IN_CLEAR = ['CRAM-MD5', 'PLAIN', 'LOGIN']

const refused = (reason: string): LoginPlan => ({ kind: 'refused', failure: { phase: 'auth', reason } })

/**
 * Decides about the login.
 *
 * @param settings the account; `insecureAuth` lifts the demand for TLS
 * @param link the connection as it is after STARTTLS
 * @param capabilities what the server offers on this connection
 */
export function planLogin(
  settings: SmtpSettings,
  link: LinkProtection,
  capabilities: Capabilities,
): LoginPlan {
  const { host, tls, username, password } = settings
  if (username === undefined) return { kind: 'none' }
  if (password === undefined) return refused(`no password is configured for ${host}; set one`)
  if (!settings.insecureAuth) {
    if (!link.secure) {
      return refused(
        `the connection to ${host} is not protected by TLS, so the password was not sent; set tls`,
      )
    }
    if (!link.verified && (tls === 'off' || tls === 'may')) {
      return refused(
        `the certificate of ${host} could not be verified, so the password was not sent; set tls_ca or tls`,
      )
    }
  }
  const known = link.secure ? MECHANISMS : MECHANISMS_IN_CLEAR
  const mechanism = known.find((name) => capabilities.auth.includes(name))
  if (mechanism !== undefined) return { kind: 'login', mechanism, user: username, pass: password }
  const offered = capabilities.auth.length === 0 ? 'no login' : `only ${capabilities.auth.join(', ')}`
  return refused(`credentials are configured but ${host} offers ${offered}; check host, port and tls`)
}
