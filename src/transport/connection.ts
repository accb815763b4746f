/**
 * One SMTP connection, from the greeting to QUIT; the only file that knows the protocol engine. A connection
 * that can't be opened is described by a failure, never thrown; no secret gets into one.
 */
import { TLSSocket } from 'node:tls'
import type SMTPConnection from 'nodemailer/lib/smtp-connection'
import type { SmtpSettings } from '../config/config.ts'
import { describeError } from '../errors/errno.ts'
import type { Logger } from '../logging/logger.ts'
import { readCapabilities, type Capabilities } from './capabilities.ts'
import { Credentials } from './credentials.ts'
import { dial } from './dial.ts'
import { openDialogue, type Dialogue } from './dialogue.ts'
import { classify, replyFailure, type Failure, type Phase } from './failure.ts'
import { interruption } from './interruption.ts'
import { linkOf } from './link.ts'
import { logIn } from './log-in.ts'
import { oneLine } from './reply.ts'
import { newSecrets } from './secrets.ts'
import { planTls } from './tls-settings.ts'
import {
  runTransaction,
  type TransactionRequest,
  type TransactionResult,
  type Wire,
  type WireError,
} from './transaction.ts'

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
  #needsReset = false

  constructor(smtp: SMTPConnection, settings: SmtpSettings, dialogue: Dialogue) {
    this.#smtp = smtp
    this.#settings = settings
    this.#dialogue = dialogue
    this.capabilities = capabilitiesOf(smtp)
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
    const limits = { timeouts: this.#settings.timeouts, signal: options.signal }
    const whole: TransactionRequest = {
      ...request,
      beforeLastByte: () => {
        request.beforeLastByte()
        this.#holdBack()
      },
    }
    const result = await runTransaction(this.#wire(), whole, limits)
    if (result.status === 'failed') this.#afterFailure(result.failure)
    return result
  }

  #wire(): Wire {
    const smtp = this.#smtp
    const wire: Wire = {
      send: (envelope, body, done) => smtp.send(envelope, body, done),
      close: () => smtp.close(),
    }
    const socket = smtp._socket
    if (socket === false || socket === null) return wire
    wire.heard = () => socket.bytesRead
    if (this.#settings.protocol !== 'lmtp') return wire
    const watch: Wire['watch'] = (listener) => {
      // before the engine, which may end the transaction with the same bytes
      socket.prependListener('data', listener)
      return () => socket.removeListener('data', listener)
    }
    return { ...wire, watch }
  }

  /** The end of the message and the final dot leave in one packet instead of two. */
  #holdBack(): void {
    const socket = this.#smtp._socket
    if (socket === false || socket === null) return
    socket.cork()
    setImmediate(() => socket.uncork())
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

/** The name under which the engine knows our way to log in, which is the same for all mechanisms. */
const LOGIN = 'MAILQUEUE'

/** Ends a login, carrying why. */
class LoginFailed extends Error {
  readonly failure: Failure

  constructor(failure: Failure) {
    super('the login failed')
    this.failure = failure
  }
}

/**
 * Opens a connection: connect, greeting, EHLO, STARTTLS and login, as the settings say.
 *
 * @param settings the account
 * @param log gets the dialogue when it wants debug events
 * @param signal gives up at once
 * @param credentials the secret of the account, shared by its connections
 */
export async function openConnection(
  settings: SmtpSettings,
  log: Logger,
  signal?: AbortSignal,
  credentials = new Credentials(settings, newSecrets()),
): Promise<SmtpConnection | Failure> {
  const sent = newSecrets()
  const clean = (text: string): string => sent.clean(credentials.secrets.clean(text))
  const tlsPlan = await planTls(settings)
  if ('phase' in tlsPlan) return tlsPlan
  const { default: Engine } = await import('nodemailer/lib/smtp-connection')
  const socket = await dial(settings, signal)
  if ('phase' in socket) return socket
  const { host, port, helo, timeouts } = settings
  const dialogue = openDialogue(log, clean)
  const smtp = new Engine({
    host,
    port,
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
        const link = linkOf(smtp.secure, smtp._socket)
        const context = { settings, credentials, link, capabilities: capabilitiesOf(smtp), sent, signal }
        const failure = await logIn(async (line) => (await engine.sendCommand(line)).response, context)
        if (failure !== undefined) throw new LoginFailed(failure)
      },
    },
  })
  const failure = await startSession(smtp, settings, signal)
  if (failure === undefined) return new SmtpConnection(smtp, settings, dialogue)
  smtp.close()
  return { ...failure, reason: clean(failure.reason) }
}

/** Greeting to login. Resolves to what went wrong, or to nothing. */
function startSession(
  smtp: SMTPConnection,
  settings: SmtpSettings,
  signal: AbortSignal | undefined,
): Promise<Failure | undefined> {
  const { timeouts, host } = settings
  return new Promise((resolve) => {
    let step: Phase = 'banner'
    const settle = (failure?: Failure): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', interrupt)
      resolve(failure)
    }
    const fail = (error: WireError): void =>
      settle(error instanceof LoginFailed ? error.failure : sessionFailure(error, step, host))
    const interrupt = (): void =>
      settle({ phase: 'local', reason: interruption(signal, 'interrupted while connecting') })
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
      step = 'auth'
      // Each reply of the login has a limit of its own: a person may have to unlock the password first.
      clearTimeout(timer)
      smtp.login({ method: LOGIN }, (refused) => (refused === null ? settle() : fail(refused)))
    })
  })
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

function sessionFailure(error: WireError, step: Phase, host: string): Failure {
  const phase = error.code === 'ETLS' ? 'tls' : (STEP_OF_COMMAND[error.command ?? ''] ?? step)
  if (error.response !== undefined) return replyFailure(phase, error.response)
  return {
    phase: lostAt(phase),
    reason: oneLine(`cannot start a session with ${host}: ${describeError(error)}`),
  }
}

/** The engine keeps the lines of the EHLO reply to itself until a message is sent. */
function capabilitiesOf(smtp: SMTPConnection): Capabilities {
  return readCapabilities(Reflect.get(smtp, '_ehloLines'))
}
