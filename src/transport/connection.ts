/**
 * One SMTP connection, from the greeting to QUIT; the only file that knows the protocol engine. A session that can't be
 * started is described by a failure, never thrown; no secret gets into one.
 */
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type SMTPConnection from 'nodemailer/lib/smtp-connection'
import type { SmtpSettings } from '../config/config.ts'
import { describeError } from '../errors/errno.ts'
import type { Logger } from '../logging/logger.ts'
import { asStream } from './body.ts'
import { readCapabilities, type Capabilities } from './capabilities.ts'
import type { Credentials } from './secrets/credentials.ts'
import { openDialogue, type Dialogue } from './dialogue.ts'
import { endingOn } from './ending.ts'
import { classify, replyFailure, type Failure, type Phase } from './failure.ts'
import { stoppedAt } from './interruption.ts'
import { linkOf } from './link.ts'
import { logIn } from './login/log-in.ts'
import { oneLine } from './reply.ts'
import { newSecrets } from './secrets/secrets.ts'
import type { Target } from './target.ts'
import { describeMissingTls, describeOtherPin, describeTlsError, tlsCodeOf } from './tls/failure.ts'
import type { TlsPlan } from './tls/settings.ts'
import {
  runTransaction,
  type TransactionRequest,
  type TransactionResult,
  type Wire,
  type WireError,
} from './transaction.ts'
import { TransactionLimits } from './transaction-limits.ts'

/** How long a server may take to answer QUIT, in milliseconds. */
const QUIT_TIMEOUT = 2000

/** An open session that takes one transaction after the other. */
export class SmtpConnection {
  /** What the server offers. */
  readonly capabilities: Capabilities
  /** Transactions begun on this connection. */
  transactions = 0
  /** When it was put aside last, in milliseconds of the monotonic clock; 0 when it is new. */
  idleSince = 0
  readonly #smtp: SMTPConnection
  readonly #settings: SmtpSettings
  readonly #dialogue: Dialogue
  readonly #limits = new TransactionLimits()
  /** The same for all transactions. */
  #wire: Wire | undefined
  #needsReset = false

  constructor(smtp: SMTPConnection, settings: SmtpSettings, dialogue: Dialogue) {
    this.#smtp = smtp
    this.#settings = settings
    this.#dialogue = dialogue
    this.capabilities = capabilitiesOf(smtp)
    smtp.once('end', () => this.#limits.close())
  }

  /** True as long as another transaction can be tried on it. */
  get usable(): boolean {
    return !this.#smtp.destroyed && this.transactions < this.#settings.messagesPerConnection
  }

  /** What the server said after EHLO, line by line, and the socket when it is protected. */
  facts(): { readonly extensions: readonly string[]; readonly socket: TLSSocket | undefined } {
    const lines: unknown = Reflect.get(this.#smtp, '_ehloLines')
    const socket = this.#smtp._socket
    return {
      extensions: Array.isArray(lines) ? lines.map(String) : [],
      socket: socket instanceof TLSSocket ? socket : undefined,
    }
  }

  /**
   * Runs one transaction. Afterwards the connection is cut unless the server is known to be ready for another.
   *
   * @param request message and recipients
   * @param options the queue id for the dialogue, and what stops the attempt
   */
  async send(
    request: TransactionRequest,
    options: { readonly id: string | undefined; readonly signal: AbortSignal | undefined },
  ): Promise<TransactionResult> {
    this.transactions++
    this.#dialogue.id = options.id
    this.#wire ??= this.#makeWire()
    const result = await runTransaction(this.#wire, request, options.signal)
    if (result.status === 'failed') this.#afterFailure(result.failure)
    return result
  }

  #makeWire(): Wire {
    const smtp = this.#smtp
    const socket = smtp._socket
    const ends = { limits: this.#limits, timeouts: this.#settings.timeouts, close: () => smtp.close() }
    if (socket === false || socket === null)
      return { ...ends, send: (envelope, body, done) => smtp.send(envelope, asStream(body), done) }
    const ending = endingOn(socket)
    const wire: Wire = {
      ...ends,
      send: (envelope, body, done) => {
        body.ending = ending
        smtp.send(envelope, asStream(body), done)
      },
      heard: () => socket.bytesRead,
    }
    if (this.#settings.protocol !== 'lmtp') return wire
    const watch: Wire['watch'] = (listener) => {
      // before the engine, which may end the transaction with the same bytes
      socket.prependListener('data', listener)
      return () => socket.removeListener('data', listener)
    }
    return { ...wire, watch }
  }

  /**
   * Sends one command between transactions.
   *
   * @returns the whole reply
   * @throws Error when there is none in time, or the connection ends
   */
  say(line: string): Promise<string> {
    const smtp = this.#smtp
    const limit = this.#settings.timeouts.command
    return new Promise((resolve, reject) => {
      let reply = ''
      const settle = (error?: Error): void => {
        clearTimeout(timer)
        smtp.removeListener('end', ended)
        if (error === undefined) resolve(reply)
        else reject(error)
      }
      const ended = (): void => settle(new Error('the server closed the connection'))
      const timer = setTimeout(() => settle(new Error(`the server did not answer within ${limit} ms`)), limit)
      smtp.once('end', ended)
      // the way the engine has for commands that it does not know
      smtp.customAuth.set(COMMAND, async (engine) => {
        this.#dialogue.spoken = line
        reply = (await engine.sendCommand(line)).response
      })
      smtp.login({ method: COMMAND }, (error) => settle(error ?? undefined))
    })
  }

  /** True when the next transaction can begin at once. */
  get ready(): boolean {
    return !this.#needsReset && this.usable
  }

  /** Brings the session back to its start after a failed transaction. False when the connection is of no use. */
  async reset(): Promise<boolean> {
    if (!this.#needsReset) return this.usable
    this.#needsReset = false
    const done = await new Promise<boolean>((resolve) => {
      const fail = (): void => resolve(false)
      const timer = setTimeout(fail, this.#settings.timeouts.command)
      this.#smtp.once('end', fail)
      this.#smtp.reset((error) => {
        clearTimeout(timer)
        this.#smtp.removeListener('end', fail)
        resolve(error === null)
      })
    })
    if (!done) this.cut()
    return done && this.usable
  }

  /** Whether the open socket keeps the process alive. */
  keepAlive(wanted: boolean): void {
    const socket = this.#smtp._socket
    if (socket === false || socket === null) return
    if (wanted) socket.ref()
    else socket.unref()
  }

  /**
   * Says QUIT and resolves when the connection has ended, after two seconds at the latest.
   *
   * @param waited true when somebody waits for it, so that the process must stay alive
   */
  quit(waited: boolean): Promise<void> {
    if (this.#smtp.destroyed) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.cut(), QUIT_TIMEOUT)
      if (!waited) timer.unref()
      this.keepAlive(waited)
      this.#smtp.once('end', () => {
        clearTimeout(timer)
        resolve()
      })
      this.#smtp.quit()
    })
  }

  /** Ends the connection at once. */
  cut(): void {
    this.#smtp.close()
  }

  #afterFailure(failure: Failure): void {
    this.#needsReset = true
    if (failure.code === undefined || failure.code === 503 || classify(failure).scope === 'account')
      this.cut()
  }
}

/** A connection to be: what it is for, and what it has. */
export interface Start {
  readonly settings: SmtpSettings
  readonly target: Target
  readonly tlsPlan: TlsPlan
  /** Connected; belongs to the session from now on. */
  readonly socket: Socket
  /** Gets the dialogue when it wants debug events. */
  readonly log: Logger
  /** Gives up at once. */
  readonly signal?: AbortSignal | undefined
  /** The secret of the account, shared by its connections. */
  readonly credentials: Credentials
}

/** The name under which the engine knows our way to log in, which is the same for all mechanisms. */
const LOGIN = 'MAILQUEUE'

/** The same for single commands. */
const COMMAND = 'MAILQUEUE-COMMAND'

/** Ends a login, carrying why. */
class LoginFailed extends Error {
  readonly failure: Failure

  constructor(failure: Failure) {
    super('the login failed')
    this.failure = failure
  }
}

/** The protocol engine, loaded when it is needed first. */
export async function loadEngine(): Promise<typeof SMTPConnection> {
  const { default: Engine } = await import('nodemailer/lib/smtp-connection')
  return Engine
}

/**
 * Starts a session on a socket: greeting, EHLO, STARTTLS and login, as the settings say. Nothing is awaited before the
 * socket is listened to.
 *
 * @returns the session, or what went wrong, with the socket closed
 */
export async function startConnection(
  Engine: typeof SMTPConnection,
  start: Start,
): Promise<SmtpConnection | Failure> {
  const { settings, target, tlsPlan, socket, log, signal, credentials } = start
  const { helo, timeouts } = settings
  const sent = newSecrets()
  const clean = (text: string): string => sent.clean(credentials.secrets.clean(text))
  const dialogue = openDialogue(log, clean)
  const smtp = new Engine({
    // the engine takes the name for the certificate from it
    host: target.name,
    port: target.port,
    ...tlsPlan,
    ...(helo === undefined ? undefined : { name: helo }),
    connection: socket,
    lmtp: settings.protocol === 'lmtp',
    greetingTimeout: timeouts.banner,
    connectionTimeout: timeouts.banner + timeouts.command,
    // silence is limited by our own timers, step by step; this one must never be the first
    socketTimeout: 1000 + timeouts.command + timeouts.data + timeouts.block + timeouts.dot,
    socketCloseTimeout: 0,
    logger: dialogue.logger,
    transactionLog: dialogue.logger !== false,
    customAuth: {
      [LOGIN]: async (engine) => {
        const link = linkOf(smtp.secure, smtp._socket, settings.tls === 'pin')
        const context = { settings, credentials, link, capabilities: capabilitiesOf(smtp), sent, signal }
        const failure = await logIn(async (line) => (await engine.sendCommand(line)).response, context)
        if (failure !== undefined) throw new LoginFailed(failure)
      },
    },
  })
  const failure = await startSession(smtp, start)
  if (failure === undefined) return new SmtpConnection(smtp, settings, dialogue)
  smtp.close()
  return { ...failure, reason: clean(failure.reason) }
}

/** Greeting to login. Resolves to what went wrong, or to nothing. */
function startSession(smtp: SMTPConnection, start: Start): Promise<Failure | undefined> {
  const { settings, target, signal } = start
  const { timeouts } = settings
  const { host } = target
  return new Promise((resolve) => {
    let step: Phase = 'banner'
    const settle = (failure?: Failure): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', interrupt)
      resolve(failure)
    }
    const fail = (error: WireError): void =>
      settle(error instanceof LoginFailed ? error.failure : sessionFailure(error, { smtp, start, step }))
    const interrupt = (): void => settle(stoppedAt(lostAt(step), signal, 'interrupted while connecting'))
    const limit = timeouts.banner + timeouts.command
    const late = `${host} did not finish its greeting and STARTTLS within ${limit} ms`
    const timer = setTimeout(() => settle({ phase: step, reason: late }), limit)
    signal?.addEventListener('abort', interrupt)
    if (signal?.aborted === true) interrupt()
    // also for later: an error event that nobody listens to would end the process
    smtp.on('error', fail)
    // the error that goes with the end may follow in the same turn, and says more
    const ended = (): void => settle({ phase: lostAt(step), reason: `${host} closed the connection` })
    smtp.once('end', () => queueMicrotask(ended))
    smtp.connect((error) => {
      if (error !== undefined) {
        fail(error)
        return
      }
      const unpinned = checkPin(smtp, start)
      if (unpinned !== undefined) {
        settle(unpinned)
        return
      }
      step = 'auth'
      // Each reply of the login has a limit of its own: a person may have to unlock the password first.
      clearTimeout(timer)
      smtp.login({ method: LOGIN }, (refused) => (refused === null ? settle() : fail(refused)))
    })
  })
}

/** The engine has no moment between handshake and EHLO, so that is all a server with another certificate ever gets. */
function checkPin(smtp: SMTPConnection, { settings, target }: Start): Failure | undefined {
  if (settings.tls !== 'pin') return undefined
  const socket = smtp._socket
  const seen = socket instanceof TLSSocket ? socket.getPeerCertificate().fingerprint256 : undefined
  if (seen !== undefined && settings.tlsFingerprints.includes(seen)) return undefined
  return {
    phase: 'tls',
    reason: describeOtherPin({ settings, target }, seen ?? 'of a certificate that it lacks'),
  }
}

/** The step an error belongs to, when the error itself knows better than we do. */
const STEP_OF_COMMAND: Readonly<Record<string, Phase>> = {
  EHLO: 'ehlo',
  HELO: 'ehlo',
  LHLO: 'ehlo',
  STARTTLS: 'tls',
}

/** A server that falls silent or goes away during the login has not refused the login. */
const lostAt = (step: Phase): Phase => (step === 'auth' ? 'connect' : step)

/** What a session was doing when an error came. */
interface SessionState {
  readonly smtp: SMTPConnection
  readonly start: Start
  readonly step: Phase
}

function sessionFailure(error: WireError, { smtp, start, step }: SessionState): Failure {
  const { response } = error
  if (response !== undefined && lacksTls(error, response, smtp, start))
    return missingTls(response, smtp, start)
  const handshaking = Reflect.get(smtp, 'upgrading') === true && error.code !== 'ETIMEDOUT'
  const words = response === undefined ? describeTlsError(error, start, handshaking) : undefined
  if (words !== undefined) return { phase: 'tls', reason: oneLine(words), tlsCode: tlsCodeOf(error) }
  const phase = error.code === 'ETLS' ? 'tls' : (STEP_OF_COMMAND[error.command ?? ''] ?? step)
  if (response !== undefined) return replyFailure(phase, response)
  return {
    phase: lostAt(phase),
    reason: oneLine(`cannot start a session with ${start.target.host}: ${describeError(error)}`),
  }
}

/** The reply means that there will be no TLS: to STARTTLS, or from a server that does not know EHLO. */
function lacksTls(
  { command }: WireError,
  response: string,
  { secure }: SMTPConnection,
  start: Start,
): boolean {
  if (command === 'STARTTLS') return true
  return command === 'EHLO' && start.tlsPlan.requireTLS && !secure && /^50[02]/.test(response)
}

function missingTls(response: string, smtp: SMTPConnection, start: Start): Failure {
  const failure = replyFailure('tls', response)
  const offered = /[ -]STARTTLS\b/im.test(String(Reflect.get(smtp, '_plaintextEhlo')))
  return { ...failure, reason: describeMissingTls(start, failure.reason, offered) }
}

/** The engine keeps the lines of the EHLO reply to itself until a message is sent. */
function capabilitiesOf(smtp: SMTPConnection): Capabilities {
  return readCapabilities(Reflect.get(smtp, '_ehloLines'))
}
