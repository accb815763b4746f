/**
 * Tries an account: connects, protects the connection, logs in, and leaves. Nothing is sent.
 */
import type { SmtpSettings } from '../../config/config.ts'
import { EX, type ExitCode } from '../../errors/sysexits.ts'
import type { Logger } from '../../logging/logger.ts'
import type { Failure } from '../../transport/failure.ts'

/** What came of it. */
export type CheckResult =
  | { readonly ok: true; readonly said: string }
  | { readonly ok: false; readonly reason: string; readonly exitCode: ExitCode }

/** What the server refuses will not pass by itself; what this site lacks is its own matter. */
function exitCodeOf({ phase, code }: Failure): ExitCode {
  if (phase === 'setup') return EX.CONFIG
  if (phase === 'tls') return EX.UNAVAILABLE
  return phase === 'auth' && (code === undefined || code >= 500) ? EX.UNAVAILABLE : EX.TEMPFAIL
}

/**
 * Tries an account.
 *
 * @param log gets the dialogue when it wants debug events
 */
export async function tryServer(settings: SmtpSettings, log: Logger): Promise<CheckResult> {
  const { openConnection } = await import('../../transport/open-connection.ts')
  const { logsIn } = await import('../../config/auth-config.ts')
  const connection = await openConnection(settings, log, { insistOnTls: true })
  if ('phase' in connection) return { ok: false, reason: connection.reason, exitCode: exitCodeOf(connection) }
  const { socket } = connection.facts()
  const protection = socket === undefined ? 'without TLS' : `with ${socket.getProtocol() ?? 'TLS'}`
  await connection.quit(true)
  const login = logsIn(settings) ? `logged in as ${settings.username ?? 'this machine'}` : 'without a login'
  return { ok: true, said: `${settings.host}:${settings.port} ${protection}, ${login}` }
}
