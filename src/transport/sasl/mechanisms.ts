/**
 * The login mechanisms, as a table in the order in which they are tried. docs/authentication.md shows the same table.
 */
import { oauthBearer, xoauth2 } from './bearer.ts'
import { external } from './external.ts'
import { cramMd5, login, plain } from './password.ts'
import type { ChannelBinding, SaslClient, SaslIdentity } from './sasl.ts'
import { scram, type ScramHash } from './scram.ts'

/** What a mechanism is given to work with. */
export interface SaslContext extends SaslIdentity {
  readonly host: string
  readonly port: number
  /** The binding to use, for a mechanism that needs one. */
  readonly binding: ChannelBinding | undefined
  /** The connection has a binding, although it may not be used. */
  readonly canBind: boolean
  /** The server offers the same mechanism with channel binding. */
  readonly bindingOffered: boolean
}

/** One row of the table. */
export interface Mechanism {
  readonly name: string
  /** The value of `auth` that allows it; `auto` allows all that take what is configured. */
  readonly method: string
  /** What it takes from us. */
  readonly proof: 'password' | 'token' | 'certificate'
  /** It hides the password, so it comes first where the connection does not. */
  readonly hides?: true
  readonly needsBinding?: true
  /** In one sentence, for the documentation. */
  readonly doc: string
  /** @throws SaslError when it cannot carry this user name or password */
  start(context: SaslContext): SaslClient
}

function scramWith(hash: ScramHash): Mechanism['start'] {
  return (context) => {
    const { binding, canBind, bindingOffered } = context
    const without = canBind && !bindingOffered ? 'not-offered' : 'impossible'
    return scram(context, { hash, binding: binding ?? without })
  }
}

/** The table, in the order for a protected connection. */
export const MECHANISMS: readonly Mechanism[] = [
  {
    name: 'SCRAM-SHA-256-PLUS',
    method: 'scram-sha-256',
    proof: 'password',
    hides: true,
    needsBinding: true,
    doc: 'RFC 7677; the password stays here, and the login is tied to the TLS connection.',
    start: scramWith('sha256'),
  },
  {
    name: 'SCRAM-SHA-256',
    method: 'scram-sha-256',
    proof: 'password',
    hides: true,
    doc: 'RFC 7677; the password stays here.',
    start: scramWith('sha256'),
  },
  {
    name: 'SCRAM-SHA-1-PLUS',
    method: 'scram-sha-1',
    proof: 'password',
    hides: true,
    needsBinding: true,
    doc: 'RFC 5802; the password stays here, and the login is tied to the TLS connection.',
    start: scramWith('sha1'),
  },
  {
    name: 'SCRAM-SHA-1',
    method: 'scram-sha-1',
    proof: 'password',
    hides: true,
    doc: 'RFC 5802; the password stays here.',
    start: scramWith('sha1'),
  },
  {
    name: 'PLAIN',
    method: 'plain',
    proof: 'password',
    doc: 'RFC 4616; sends the password.',
    start: plain,
  },
  {
    name: 'LOGIN',
    method: 'login',
    proof: 'password',
    doc: 'No standard; sends the password.',
    start: login,
  },
  {
    name: 'CRAM-MD5',
    method: 'cram-md5',
    proof: 'password',
    hides: true,
    doc: 'RFC 2195; the password stays here, under a weak hash. Without TLS it comes before PLAIN.',
    start: cramMd5,
  },
  {
    name: 'XOAUTH2',
    method: 'xoauth2',
    proof: 'token',
    doc: 'Google and Microsoft; sends an OAuth 2.0 access token.',
    start: xoauth2,
  },
  {
    name: 'OAUTHBEARER',
    method: 'oauthbearer',
    proof: 'token',
    doc: 'RFC 7628; sends an OAuth 2.0 access token.',
    start: (context) => oauthBearer(context, context),
  },
  {
    name: 'EXTERNAL',
    method: 'external',
    proof: 'certificate',
    doc: 'RFC 4422; the client certificate of the TLS connection says who we are.',
    start: external,
  },
]
