/**
 * One session with the server of an account, as a message would have it, and everything that can be said about it. Nothing
 * is sent. Where the session fails at TLS or later, a second one that verifies nothing and never logs in brings the facts
 * that the first one could not.
 */
import type { SmtpSettings } from '../config/config.ts'
import type { Logger } from '../logging/logger.ts'
import { SmtpConnection } from './connection.ts'
import { probeEnvelope, type EnvelopeAnswers, type ProbedEnvelope } from './envelope-probe.ts'
import type { Failure, Phase } from './failure.ts'
import { hearing } from './hearing.ts'
import { openConnection } from './open-connection.ts'
import { serverInfo, tlsFacts, type ServerInfo } from './server-info.ts'
import { placeOf } from './target.ts'

/** What was found. */
export interface Inspection {
  /** Where the last connection went to, and the milliseconds it took; undefined when there was none. */
  readonly connected:
    { readonly place: string; readonly implicitTls: boolean; readonly took: number } | undefined
  /** Greeting, TLS and extensions; undefined when the server did not come so far. */
  readonly info: ServerInfo | undefined
  /** The mechanism of the login; undefined when there was none. */
  readonly mechanism: string | undefined
  /** What ended the session before it was ready for a message. */
  readonly failure: Failure | undefined
  /** Undefined when nobody was asked for, or the session failed. */
  readonly envelope: EnvelopeAnswers | undefined
}

/** The steps of a session after which there is more to know than the failure. */
const INFORMATIVE: ReadonlySet<Phase> = new Set(['ehlo', 'tls', 'auth', 'setup', 'connect'])

/**
 * Looks at a server.
 *
 * @param settings the account
 * @param log gets the dialogue when it wants debug events
 * @param envelope whom to ask for
 */
export async function inspectServer(
  settings: SmtpSettings,
  log: Logger,
  envelope?: ProbedEnvelope,
): Promise<Inspection> {
  const heard = hearing(log)
  let connected: Inspection['connected']
  const connection = await openConnection(settings, heard, {
    onConnect: (target, took) => {
      connected = { place: placeOf(target), implicitTls: target.implicitTls, took }
    },
  })
  const { mechanism } = heard
  if (!(connection instanceof SmtpConnection)) {
    const asksAgain = connected !== undefined && heard.greeting !== '' && INFORMATIVE.has(connection.phase)
    const info = asksAgain || connection.phase === 'tls' ? await serverInfo(settings, log) : undefined
    return {
      connected,
      info: info === undefined || 'phase' in info ? greetingOnly(heard.greeting) : info,
      mechanism,
      failure: connection,
      envelope: undefined,
    }
  }
  const { extensions, socket } = connection.facts()
  const tls = socket === undefined ? undefined : tlsFacts(socket)
  const answers = envelope === undefined ? undefined : await probeEnvelope(connection, settings, envelope)
  await connection.quit(true)
  const info = { greeting: heard.greeting, extensions, tls }
  return { connected, info, mechanism, failure: undefined, envelope: answers }
}

function greetingOnly(greeting: string): ServerInfo | undefined {
  return greeting === '' ? undefined : { greeting, extensions: [], tls: undefined }
}
