/**
 * Whether the credentials may be used on a connection, and with which mechanisms. They are never sent where somebody
 * could read them unless the configuration says so; in any doubt the answer is a failure of the account, never of a mail.
 */
import type { SmtpSettings } from '../../config/config.ts'
import type { Capabilities } from '../capabilities.ts'
import type { Failure } from '../failure.ts'
import type { Link } from '../link.ts'
import { MECHANISMS, type Mechanism } from '../sasl/mechanisms.ts'
import type { ChannelBinding } from '../sasl/sasl.ts'

/** A mechanism to try, with the channel binding to use. */
export interface Candidate {
  readonly mechanism: Mechanism
  readonly binding: ChannelBinding | undefined
}

/** No login wanted, mechanisms to try in their order, or a reason why there can be no login. */
export type LoginPlan =
  | { readonly kind: 'none' }
  | { readonly kind: 'login'; readonly candidates: readonly Candidate[] }
  | { readonly kind: 'refused'; readonly failure: Failure }

const refused = (reason: string): LoginPlan => ({ kind: 'refused', failure: { phase: 'auth', reason } })

/** Without TLS, what hides the password comes before what shows it. */
const MECHANISMS_IN_CLEAR = [
  ...MECHANISMS.filter(({ hides }) => hides),
  ...MECHANISMS.filter(({ hides }) => !hides),
]

/** What a login has to show, by the configuration. */
function proofOf({ auth }: SmtpSettings): Mechanism['proof'] {
  if (auth.method === 'external') return 'certificate'
  const isToken = auth.method === 'xoauth2' || auth.method === 'oauthbearer'
  return isToken || auth.oauth2 !== undefined ? 'token' : 'password'
}

/** Why nothing secret may be sent over this link; undefined when it may. */
function unprotected({ host, tls, insecureAuth }: SmtpSettings, link: Link): string | undefined {
  if (insecureAuth) return undefined
  if (!link.secure) {
    return `the connection to ${host} is not protected by TLS, so the password was not sent; set tls`
  }
  if (link.verified || (tls !== 'off' && tls !== 'may')) return undefined
  return `the certificate of ${host} could not be verified, so the password was not sent; set tls_ca or tls`
}

function candidatesFor(settings: SmtpSettings, link: Link, offered: readonly string[]): Candidate[] {
  const { method } = settings.auth
  const proof = proofOf(settings)
  return (link.secure ? MECHANISMS : MECHANISMS_IN_CLEAR)
    .filter((each) => offered.includes(each.name) && each.proof === proof)
    .filter((each) => method === 'auto' || method === each.method)
    .flatMap((mechanism): Candidate[] =>
      mechanism.needsBinding === true
        ? link.bindings.map((binding) => ({ mechanism, binding }))
        : [{ mechanism, binding: undefined }],
    )
}

/**
 * Decides about the login.
 *
 * @param settings the account; `insecureAuth` lifts the demand for TLS
 * @param link the connection as it is after STARTTLS
 * @param capabilities what the server offers on this connection
 */
export function planLogin(settings: SmtpSettings, link: Link, capabilities: Capabilities): LoginPlan {
  const { host, username, auth } = settings
  if (auth.method === 'off') return { kind: 'none' }
  if (username === undefined && auth.method !== 'external') return { kind: 'none' }
  const open = unprotected(settings, link)
  if (open !== undefined) return refused(open)
  if (auth.method === 'external' && !link.certified) {
    return refused(`auth = external needs a client certificate for ${host}; set tls_cert and tls_key`)
  }
  const candidates = candidatesFor(settings, link, capabilities.auth)
  if (candidates.length > 0) return { kind: 'login', candidates }
  const offered = capabilities.auth.length === 0 ? 'no login' : `only ${capabilities.auth.join(', ')}`
  if (auth.method !== 'auto') {
    return refused(
      `auth = ${auth.method} is configured but ${host} offers ${offered}; change auth, or check host and port`,
    )
  }
  const what = auth.oauth2 === undefined ? 'credentials are' : 'OAuth 2.0 is'
  return refused(`${what} configured but ${host} offers ${offered}; check host, port and tls`)
}
