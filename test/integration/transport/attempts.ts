/** One attempt against a scripted server, and its outcomes in a form that is quick to compare. */
import type { SmtpSettings } from '../../../src/config/config.ts'
import { loggerOf, type Logger } from '../../../src/logging/logger.ts'
import type { RecipientOutcome, Refused } from '../../../src/message/outcome.ts'
import { SmtpTransport } from '../../../src/transport/smtp.ts'
import type { Delivery } from '../../../src/transport/transport.ts'
import { startScriptedServer, type Script, type ScriptedServer } from '../../helpers/scripted-server.ts'
import { deliveryTo, settingsFor } from './settings.ts'

/** `temporary account login`, or the status of what is no refusal. */
export function verdictOf(outcome: RecipientOutcome | Omit<Refused, 'recipient'> | undefined): string {
  if (outcome === undefined) return 'nothing'
  if (outcome.status === 'delivered' || outcome.status === 'in-doubt') return outcome.status
  const kind = outcome.status === 'deferred' ? 'temporary' : 'permanent'
  return [kind, outcome.scope, outcome.trouble].filter((part) => part !== undefined).join(' ')
}

/** Servers and transports of one test file. */
export interface Bench {
  open(
    script: Script,
    settings?: Partial<SmtpSettings>,
    log?: Logger,
  ): Promise<{ server: ScriptedServer; transport: SmtpTransport }>
  /** One attempt, to `a@x` where nothing else is said. */
  attempt(
    script: Script,
    settings?: Partial<SmtpSettings>,
    delivery?: Delivery,
  ): Promise<{ server: ScriptedServer; outcomes: RecipientOutcome[]; verdicts: string[] }>
  /** Ends what was opened. */
  clear(): Promise<void>
}

/** Makes a bench; `clear` belongs into `afterEach`. */
export function openBench(): Bench {
  const cleanUp: (() => Promise<void>)[] = []
  const open: Bench['open'] = async (script, settings = {}, log) => {
    const server = await startScriptedServer(script)
    const transport = new SmtpTransport(settingsFor(server.port, settings), log)
    cleanUp.push(
      () => server.close(),
      () => transport.close(),
    )
    return { server, transport }
  }
  return {
    open,
    attempt: async (script, settings, delivery = deliveryTo('a@x')) => {
      const { server, transport } = await open(script, settings)
      const outcomes = await transport.send(delivery)
      return { server, outcomes, verdicts: outcomes.map(verdictOf) }
    },
    clear: async () => {
      for (const step of cleanUp.splice(0).reverse()) await step()
    },
  }
}

/** A log for {@link Bench.open} that counts the lines of replies that the client has read. */
export function listener(heard: () => void = () => undefined): { log: Logger; replies: () => number } {
  let count = 0
  const write: Parameters<typeof loggerOf>[0] = (_level, _event, { line }) => {
    if (typeof line !== 'string' || !line.startsWith('S: ')) return
    count += 1
    heard()
  }
  return { log: loggerOf(write, true), replies: () => count }
}
