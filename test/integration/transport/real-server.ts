/** A complete SMTP server with TLS and logins, for one user, who is ann with the password hunter22. */
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import type { TestPair } from '../../helpers/certificates.ts'

/** A running server. */
export interface RealServer {
  readonly port: number
  /** How each message came. */
  readonly mail: readonly { readonly secure: boolean; readonly user: string | undefined }[]
  /** The mechanism of each login that was tried. */
  readonly logins: readonly string[]
  close(): Promise<void>
}

/** User name and password, as the settings have them. */
export const ANN = { username: 'ann', password: 'hunter22' } as const

/**
 * Starts a server on a free port of 127.0.0.1. It lets everybody send, logged in or not, in clear too.
 *
 * @param pair its certificate
 */
export async function startRealServer(pair: TestPair, options: SMTPServerOptions = {}): Promise<RealServer> {
  const mail: { secure: boolean; user: string | undefined }[] = []
  const logins: string[] = []
  const server = new SMTPServer({
    key: pair.key,
    cert: pair.cert,
    authOptional: true,
    allowInsecureAuth: true,
    disableReverseLookup: true,
    logger: false,
    onAuth: (auth, _session, callback) => {
      logins.push(auth.method)
      const right =
        auth.method === 'CRAM-MD5'
          ? auth.validatePassword(ANN.password)
          : [auth.password, auth.accessToken].includes(ANN.password)
      if (right) callback(null, { user: ANN.username })
      else callback(null, { data: { status: '401', schemes: 'bearer' } })
    },
    onData: (stream, { secure, user }, callback) => {
      mail.push({ secure, user: typeof user === 'string' ? user : undefined })
      stream.resume()
      stream.once('end', () => callback())
    },
    ...options,
  })
  server.on('error', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return {
    port: address.port,
    mail,
    logins,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}
