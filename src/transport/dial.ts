/**
 * Opens the connection to a server: over TCP, over a Unix socket or through a proxy. A name is looked up as the system
 * does it (hosts file included) and all its addresses are tried in turn; with `source_ip` only the first of the same
 * family is. The whole takes no longer than the connect timeout.
 */
import { connect, isIP, type NetConnectOpts, type Socket } from 'node:net'
import type { SmtpSettings, SmtpTimeouts } from '../config/config.ts'
import { proxyAddress } from '../config/kinds/proxy.ts'
import { describeError, errnoOf } from '../errors/errno.ts'
import type { Failure } from './failure.ts'
import { stoppedAt } from './interruption.ts'
import { oneLine } from './reply.ts'
import { placeOf, type Target } from './target.ts'

/** What of the settings says how this machine is left. */
export type Departure = Pick<SmtpSettings, 'proxy' | 'sourceIp'> & {
  readonly timeouts: Pick<SmtpTimeouts, 'connect'>
}

/** How long one address may take while there is another one to try, in milliseconds. */
const NEXT_ADDRESS_AFTER = 1000

/** What to do about errors that are faults of the configuration or of this machine. */
const REMEDIES: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL: '; source_ip has to be an address of this machine',
  ENOENT: '; check socket, and whether the server is running',
  EACCES: '; check owner and mode of the socket',
}

/** What stopped all addresses, in words; the error for several addresses has no message of its own. */
function reasonOf(error: Error): string {
  if (error instanceof AggregateError) return [...new Set(error.errors.map(describeError))].join('; ')
  return describeError(error) + (REMEDIES[errnoOf(error) ?? ''] ?? '')
}

function endpoint({ proxy, sourceIp }: Departure, target: Target): NetConnectOpts {
  if (target.socket !== undefined) return { path: target.socket }
  const { host, port } = proxy ?? target
  return {
    host,
    port,
    autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_AFTER,
    ...(sourceIp === undefined ? undefined : { localAddress: sourceIp, family: isIP(sourceIp) }),
  }
}

/** Has the proxy open the way, where there is one. */
async function passProxy(socket: Socket, { proxy }: Departure, target: Target): Promise<void> {
  if (proxy === undefined || target.socket !== undefined) return
  if (proxy.scheme === 'socks5') {
    const { connectBySocks5 } = await import('./proxy/socks5.ts')
    await connectBySocks5(socket, proxy, target)
  } else {
    const { connectByHttp } = await import('./proxy/http-connect.ts')
    await connectByHttp(socket, proxy, target)
  }
}

/**
 * Connects.
 *
 * @param settings source address, proxy and the connect timeout
 * @param target where the server is
 * @param signal gives up at once
 * @returns a connected socket without listeners, or what went wrong
 */
export function dial(settings: Departure, target: Target, signal?: AbortSignal): Promise<Socket | Failure> {
  const { timeouts, proxy } = settings
  const through = proxy === undefined ? '' : ` through the proxy ${proxyAddress(proxy)}`
  return new Promise((resolve) => {
    const socket = connect(endpoint(settings, target))
    const settle = (result: Socket | Failure): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', interrupt)
      if (result !== socket) socket.destroy()
      resolve(result)
    }
    const fail = (reason: string): void => {
      settle({
        phase: 'connect',
        reason: oneLine(`cannot connect to ${placeOf(target)}${through}: ${reason}`),
      })
    }
    const interrupt = (): void => settle(stoppedAt('connect', signal, 'interrupted while connecting'))
    const timer = setTimeout(() => fail(`no answer within ${timeouts.connect} ms`), timeouts.connect)
    const onError = (error: Error): void => fail(reasonOf(error))
    const arrived = (): void => {
      socket.removeListener('error', onError)
      settle(socket)
    }
    socket.on('error', onError)
    socket.once('connect', () => {
      // an error that comes after this has settled changes nothing
      passProxy(socket, settings, target).then(arrived, (error: unknown) => fail(describeError(error)))
    })
    signal?.addEventListener('abort', interrupt)
    if (signal?.aborted === true) interrupt()
  })
}
