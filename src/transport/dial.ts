/**
 * Opens the TCP connection to a smarthost. The name is looked up as the system does it (hosts file included),
 * all its addresses are tried in turn, and the whole takes no longer than the connect timeout.
 */
import { connect, type Socket } from 'node:net'
import type { SmtpSettings } from '../config/config.ts'
import { describeError } from '../errors/errno.ts'
import type { Failure } from './failure.ts'
import { interruption } from './interruption.ts'

/** How long one address may take while there is another one to try, in milliseconds. */
const NEXT_ADDRESS_AFTER = 1000

/** What stopped all addresses, in words; the error for several addresses has no message of its own. */
function reasonOf(error: Error): string {
  if (!(error instanceof AggregateError)) return describeError(error)
  return [...new Set(error.errors.map(describeError))].join('; ')
}

/**
 * Connects.
 *
 * @param settings host, port and the connect timeout
 * @param signal gives up at once
 * @returns a connected socket without listeners, or what went wrong
 */
export function dial(settings: SmtpSettings, signal?: AbortSignal): Promise<Socket | Failure> {
  const { host, port, timeouts } = settings
  return new Promise((resolve) => {
    const socket = connect({ host, port, autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_AFTER })
    const settle = (result: Socket | Failure): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', interrupt)
      if (result !== socket) socket.destroy()
      resolve(result)
    }
    const fail = (reason: string): void => {
      settle({ phase: 'connect', reason: `cannot connect to ${host} port ${port}: ${reason}` })
    }
    const interrupt = (): void =>
      settle({ phase: 'local', reason: interruption(signal, 'interrupted while connecting') })
    const timer = setTimeout(() => fail(`no answer within ${timeouts.connect} ms`), timeouts.connect)
    const onError = (error: Error): void => fail(reasonOf(error))
    socket.on('error', onError)
    socket.once('connect', () => {
      socket.removeListener('error', onError)
      settle(socket)
    })
    signal?.addEventListener('abort', interrupt)
    if (signal?.aborted === true) interrupt()
  })
}
