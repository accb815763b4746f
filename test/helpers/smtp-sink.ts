/**
 * An SMTP server for tests that takes every message, except for recipients whose address contains `reject`
 * (550 5.1.1) or `defer` (451 4.2.0).
 */
import { startScriptedServer, type RecordedTransaction, type Script } from './scripted-server.ts'

/** A running sink. */
export interface SmtpSink {
  readonly port: number
  /** The messages that were taken, in order. */
  readonly messages: readonly RecordedTransaction[]
  /** Connections so far. */
  readonly connections: number
  close(): Promise<void>
}

/**
 * Starts a sink on a free port of 127.0.0.1.
 *
 * @param options steps that are to go differently
 */
export async function startSmtpSink(options: Script = {}): Promise<SmtpSink> {
  const server = await startScriptedServer({
    rcpt: ({ address }) => {
      if (address.includes('reject')) return '550 5.1.1 no such user'
      return address.includes('defer') ? '451 4.2.0 try again later' : undefined
    },
    ...options,
  })
  return {
    port: server.port,
    get messages() {
      return server.transactions.filter(({ accepted }) => accepted)
    },
    get connections() {
      return server.connections
    },
    close: () => server.close(),
  }
}
