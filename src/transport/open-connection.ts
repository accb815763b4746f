/**
 * Opens a connection to the server of an account: finds it, connects, protects the connection and logs in. Where there
 * are several servers, the next one is tried when there is no session with one. A failure is returned, never thrown, also
 * when a part of this program or of the system is what fails: whoever counts connections need not expect both.
 */
import type { SmtpSettings } from '../config/config.ts'
import { describeError } from '../errors/errno.ts'
import type { Logger } from '../logging/logger.ts'
import { elapsed } from '../util/clock.ts'
import { loadEngine, SmtpConnection, startConnection } from './connection.ts'
import { dial } from './dial.ts'
import type { Failure, Phase } from './failure.ts'
import { oneLine } from './reply.ts'
import { isAnonymous, refuseForeign, targetsOf, type Target } from './target.ts'
import { Credentials } from './secrets/credentials.ts'
import { newSecrets } from './secrets/secrets.ts'
import type { SrvResolver } from './srv.ts'
import { IN_CLEAR, planTls, type TlsPlan } from './tls/settings.ts'

/** What may be given besides the account. */
export interface OpenOptions {
  /** Gives up at once. */
  readonly signal?: AbortSignal | undefined
  /** Looks SRV records up; that of the system unless given. */
  readonly resolver?: SrvResolver | undefined
  /** With `tls = may`, whether a failed handshake is a failure instead of a reason to do without TLS. */
  readonly insistOnTls?: boolean
  /** The secret of the account, shared by its connections; its own unless given. */
  readonly credentials?: Credentials
  /** Told of each connection before the server has said anything, with the milliseconds that it took. */
  readonly onConnect?: (target: Target, took: number) => void
}

interface Opening extends OpenOptions {
  readonly settings: SmtpSettings
  readonly log: Logger
  readonly credentials: Credentials
}

/** Failures that another server may not have. */
const ANOTHER_MAY_DO: ReadonlySet<Phase> = new Set(['connect', 'banner', 'ehlo', 'tls'])

/**
 * Opens a connection.
 *
 * @param settings the account
 * @param log gets the dialogue when it wants debug events
 */
export async function openConnection(
  settings: SmtpSettings,
  log: Logger,
  options: OpenOptions = {},
): Promise<SmtpConnection | Failure> {
  const { credentials = new Credentials(settings, newSecrets()) } = options
  try {
    return await openFirst({ settings, log, ...options, credentials })
  } catch (error) {
    return { phase: 'local', reason: credentials.secrets.clean(oneLine(describeError(error))) }
  }
}

/** Opens a connection to the first server that has a session for us. */
async function openFirst(opening: Opening): Promise<SmtpConnection | Failure> {
  const { settings, resolver, signal } = opening
  const targets = await targetsOf(settings, resolver, signal)
  if ('phase' in targets) return targets
  const failures: Failure[] = []
  for (const target of targets) {
    const opened = await openTarget(opening, target)
    if (opened instanceof SmtpConnection) return opened
    failures.push(opened)
    if (!ANOTHER_MAY_DO.has(opened.phase)) return opened
  }
  return together(failures)
}

/** One failure for all: what the last one is, in the words of all. */
function together(failures: readonly Failure[]): Failure {
  const last = failures.at(-1) ?? { phase: 'connect', reason: 'there is no server to connect to' }
  return { ...last, reason: [...new Set(failures.map(({ reason }) => reason))].join('; ') }
}

async function openTarget(opening: Opening, target: Target): Promise<SmtpConnection | Failure> {
  const { settings, log } = opening
  const foreign = refuseForeign(settings, target)
  if (foreign !== undefined) return foreign
  const tlsPlan = await planTls(settings, target.implicitTls)
  if ('phase' in tlsPlan) return tlsPlan
  const opened = await openWith(opening, target, tlsPlan)
  if (opened instanceof SmtpConnection || !mayDoWithoutTls(opening, target, opened)) return opened
  log.warn('tls.failed', { server: target.host, reason: opened.reason })
  return openWith(opening, target, IN_CLEAR)
}

/** With `tls = may`, and nothing that only the right server may see, any server will do (RFC 7435). */
function mayDoWithoutTls({ settings, insistOnTls }: Opening, target: Target, failure: Failure): boolean {
  if (failure.phase !== 'tls' || settings.tls !== 'may' || !isAnonymous(settings)) return false
  return !target.implicitTls && insistOnTls !== true
}

async function openWith(
  { settings, log, signal, credentials, onConnect }: Opening,
  target: Target,
  tlsPlan: TlsPlan,
): Promise<SmtpConnection | Failure> {
  const Engine = await loadEngine()
  const begun = elapsed()
  const socket = await dial(settings, target, signal)
  if ('phase' in socket) return { ...socket, reason: credentials.secrets.clean(socket.reason) }
  onConnect?.(target, elapsed() - begun)
  try {
    return await startConnection(Engine, { settings, target, tlsPlan, socket, log, signal, credentials })
  } catch (error) {
    socket.destroy()
    throw error
  }
}
