/**
 * EXTERNAL (RFC 4422 appendix A): the client certificate of the TLS connection has said who we are.
 */
import { oneShot, type SaslClient } from './sasl.ts'

/**
 * EXTERNAL.
 *
 * @param user whom to act as; empty leaves it to the server, which goes by the certificate
 */
export function external({ user }: { readonly user: string }): SaslClient {
  return oneShot(Buffer.from(user))
}
