/**
 * What a connection means to a login: how well it is protected, and what it can prove.
 */
import { TLSSocket } from 'node:tls'
import { channelBindings } from './sasl/channel-binding.ts'
import type { ChannelBinding } from './sasl/sasl.ts'

/** How well a connection is protected, and what it brings to a login. */
export interface Link {
  readonly secure: boolean
  /** The certificate is the one that the settings demand. */
  readonly verified: boolean
  /** The channel bindings of the TLS connection, the better one first. */
  readonly bindings: readonly ChannelBinding[]
  /** A client certificate was given to the server. */
  readonly certified: boolean
}

/**
 * The facts of a connection.
 *
 * @param secure TLS is up
 * @param socket what the protocol engine talks through
 * @param pinned its certificate is known by the fingerprint
 */
export function linkOf(secure: boolean, socket: unknown, pinned: boolean): Link {
  const tls = secure && socket instanceof TLSSocket ? socket : undefined
  if (tls === undefined) return { secure, verified: false, bindings: [], certified: false }
  const own: unknown = tls.getCertificate()
  return {
    secure,
    verified: tls.authorized || pinned,
    bindings: channelBindings(tls),
    certified: typeof own === 'object' && own !== null && Object.keys(own).length > 0,
  }
}
