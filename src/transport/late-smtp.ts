/**
 * The way to a smarthost, whose protocol engine is loaded when the first message is sent: a message that is only queued,
 * because the server is known to be down, does not pay for it.
 */
import type { SmtpSettings } from '../config/config.ts'
import type { Logger } from '../logging/logger.ts'
import { serverName } from './server-name.ts'
import type { Transport } from './transport.ts'

/** Makes an SMTP transport of which nothing but the name is there before its first use. */
export function lateSmtp(settings: SmtpSettings, log: Logger): Transport {
  let loading: Promise<Transport> | undefined
  let transport: Transport | undefined
  const load = async (): Promise<Transport> => {
    const { SmtpTransport } = await import('./smtp.ts')
    transport = new SmtpTransport(settings, log)
    return transport
  }
  // A part of the program that was missing once is looked for again.
  const loaded = async (): Promise<Transport> => {
    loading ??= load()
    try {
      return await loading
    } catch (error) {
      loading = undefined
      throw error
    }
  }
  return {
    name: serverName(settings),
    send: async (delivery, signal) => (transport ?? (await loaded())).send(delivery, signal),
    ready: async (signal) => (await loaded()).ready?.(signal),
    close: async () => (await loading?.catch(() => undefined))?.close(),
  }
}
