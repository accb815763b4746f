/**
 * Opens a connection to an HTTP server the way the account reaches its mail server: through its proxy and from its
 * address. TLS is always verified, whatever the account says about its own server: by the usual certificates, and by those
 * of `tls_ca` in addition, for networks with an authority of their own. This machine is reached directly.
 */
import { isIP, type Socket } from 'node:net'
import { connect as connectTls, rootCertificates } from 'node:tls'
import { isLoopback } from '../../config/kinds/auth.ts'
import type { SmtpSettings } from '../../config/config.ts'
import { describeError, errnoOf } from '../../errors/errno.ts'
import { dial, type Departure } from '../dial.ts'
import { readTlsFiles } from '../tls/files.ts'

const HTTPS_PORT = 443
const HTTP_PORT = 80

/** How the network is left, and who is trusted besides the usual authorities. */
export type HttpRoute = Departure &
  Pick<SmtpSettings, 'tlsCa'> & {
    /** The option that `tlsCa` comes from; `tls_ca` when left out. */
    readonly caOption?: string
  }

/** The certificates that are trusted; undefined for the usual ones. */
async function trusted(settings: HttpRoute): Promise<(string | Buffer)[] | undefined> {
  if (settings.tlsCa === undefined) return undefined
  const filesOf = (tlsCa: string | undefined): ReturnType<typeof readTlsFiles> =>
    readTlsFiles({ tlsCa, tlsCert: undefined, tlsKey: undefined })
  const { ca } = await filesOf(settings.tlsCa)
  // A list of our own takes the place of what this variable adds to the usual one.
  const more = await filesOf(process.env['NODE_EXTRA_CA_CERTS'] || undefined).catch(() => undefined)
  return [...rootCertificates, ...[ca, more?.ca].filter((each) => each !== undefined)]
}

function tlsError(error: Error, caOption = 'tls_ca'): Error {
  const code = errnoOf(error) ?? ''
  const remedy = `if the network has an authority of its own, name its certificate in ${caOption}`
  return new Error(`no TLS that can be trusted: ${describeError(error)} (${code}); ${remedy}`, {
    cause: error,
  })
}

function protect(
  socket: Socket,
  host: string,
  ca: (string | Buffer)[] | undefined,
  caOption?: string,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const secured = connectTls({
      socket,
      host,
      ...(isIP(host) === 0 ? { servername: host } : undefined),
      ...(ca === undefined ? undefined : { ca }),
      ALPNProtocols: ['http/1.1'],
      // also where the environment says otherwise
      rejectUnauthorized: true,
    })
    const fail = (error: Error): void => {
      socket.destroy()
      reject(tlsError(error, caOption))
    }
    secured.once('error', fail)
    secured.once('secureConnect', () => {
      secured.off('error', fail)
      resolve(secured)
    })
  })
}

/**
 * Connects.
 *
 * @param settings of the account: proxy, source address, tls_ca and the connect timeout
 * @param signal gives up at once
 * @returns a connection that is ready for a request
 * @throws Error why there is none
 */
export async function connectTo(url: URL, settings: HttpRoute, signal: AbortSignal): Promise<Socket> {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const implicitTls = url.protocol === 'https:'
  const port = Number(url.port) || (implicitTls ? HTTPS_PORT : HTTP_PORT)
  const ca = implicitTls ? await trusted(settings) : undefined
  const direct = { ...settings, proxy: undefined, sourceIp: undefined }
  const route = isLoopback(url.hostname) ? direct : settings
  const socket = await dial(route, { host, port, implicitTls, name: host }, signal)
  if ('phase' in socket) throw new Error(socket.reason)
  const stop = (): void => void socket.destroy(new Error('broken off'))
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  return implicitTls ? protect(socket, host, ca, settings.caOption) : socket
}
