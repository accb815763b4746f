/**
 * The mechanisms that carry an OAuth 2.0 access token: XOAUTH2 (of Google, also Microsoft's) and OAUTHBEARER
 * (RFC 7628). A server that takes no token says why in a challenge; it is answered as the mechanism wants it, so that
 * the server ends the login, and kept for people.
 */
import { SaslError, type SaslClient, type SaslIdentity } from './sasl.ts'

/** The reason in the JSON of a refusal, in one line: `status` and, where it is given, the scope that is missing. */
function reasonIn(challenge: Buffer): string {
  const text = challenge.toString('utf8')
  try {
    const { status, scope, error_description: description } = JSON.parse(text) as Record<string, unknown>
    const words = [
      typeof status === 'string' || typeof status === 'number' ? `status ${status}` : '',
      typeof description === 'string' ? description : '',
      typeof scope === 'string' ? `scope ${scope}` : '',
    ].filter((word) => word !== '')
    if (words.length > 0) return words.join(', ')
  } catch {
    // Some servers answer with plain text.
  }
  return text
}

function bearer(first: string, afterRefusal: string): SaslClient {
  let complaint: string | undefined
  return {
    first: Buffer.from(first),
    step: async (challenge) => {
      if (complaint !== undefined) throw new SaslError('the server sent a second challenge')
      complaint = reasonIn(challenge)
      return Buffer.from(afterRefusal)
    },
    // A server that refused the token and then says that all is well has not read the token.
    doubt: () =>
      complaint === undefined ? undefined : `the server refused the token and then took it: ${complaint}`,
    get complaint() {
      return complaint
    },
  }
}

/** XOAUTH2. */
export function xoauth2({ user, secret }: SaslIdentity): SaslClient {
  return bearer(`user=${user}\x01auth=Bearer ${secret}\x01\x01`, '')
}

/**
 * OAUTHBEARER.
 *
 * @param server host and port, which the token may be bound to
 */
export function oauthBearer(
  { user, secret }: SaslIdentity,
  server: { readonly host: string; readonly port: number },
): SaslClient {
  const name = user.replaceAll('=', '=3D').replaceAll(',', '=2C')
  const fields = `host=${server.host}\x01port=${server.port}\x01auth=Bearer ${secret}`
  return bearer(`n,a=${name},\x01${fields}\x01\x01`, '\x01')
}
