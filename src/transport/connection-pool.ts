/**
 * The connections to one smarthost: never more than the configured number at the same time, the one used last
 * is used next, idle ones are closed after two seconds. Idle connections don't keep the process alive.
 */
import type { SmtpSettings } from '../config/config.ts'
import type { Logger } from '../logging/logger.ts'
import { SmtpConnection } from './connection.ts'
import { Credentials } from './secrets/credentials.ts'
import type { Failure } from './failure.ts'
import { interruption } from './interruption.ts'
import { openConnection } from './open-connection.ts'
import { newSecrets } from './secrets/secrets.ts'
import type { SrvResolver } from './srv.ts'

/** How long an unused connection is kept, in milliseconds. */
const IDLE_LIMIT = 2000

/** Hands out connections. Each one must be given back with `release`, or exchanged with `renew`. */
export class ConnectionPool {
  readonly #settings: SmtpSettings
  readonly #log: Logger
  readonly #resolver: SrvResolver | undefined
  readonly #credentials: Credentials
  readonly #idle: SmtpConnection[] = []
  readonly #waiting: (() => void)[] = []
  #limit: number
  #open = 0
  #closed = false
  #sweep: NodeJS.Timeout | undefined

  constructor(settings: SmtpSettings, log: Logger, resolver?: SrvResolver) {
    this.#settings = settings
    this.#log = log
    this.#resolver = resolver
    this.#credentials = new Credentials(settings, newSecrets())
    this.#limit = Math.max(1, settings.connections)
  }

  /** An idle connection that is ready at once; where there is none, {@link acquire} finds one. */
  take(signal?: AbortSignal): SmtpConnection | undefined {
    const idle = this.#idle.at(-1)
    if (idle?.ready !== true || signal?.aborted === true) return undefined
    this.#idle.pop()
    idle.keepAlive(true)
    return idle
  }

  /**
   * A connection ready for MAIL: an idle one, a new one, or the next that comes free.
   *
   * @param signal gives up at once
   */
  async acquire(signal?: AbortSignal): Promise<SmtpConnection | Failure> {
    for (;;) {
      if (signal?.aborted === true) {
        return { phase: 'local', reason: interruption(signal, 'interrupted while waiting for a connection') }
      }
      const idle = this.#idle.pop()
      if (idle !== undefined) {
        idle.keepAlive(true)
        if (await idle.reset()) return idle
        this.#drop(idle)
      } else if (this.#open < this.#limit) {
        const opened = await this.#openOne(signal)
        if (opened !== undefined) return opened
      } else await this.#wait(signal)
    }
  }

  /**
   * Makes sure that there is a connection, and leaves it idle.
   *
   * @returns why there is none
   */
  async warm(signal?: AbortSignal): Promise<Failure | undefined> {
    const connection = await this.acquire(signal)
    if (!(connection instanceof SmtpConnection)) return connection
    this.release(connection)
    return undefined
  }

  /** Exchanges a dead or confused connection for a new one; when that fails, nothing needs to be released. */
  async renew(dead: SmtpConnection, signal?: AbortSignal): Promise<SmtpConnection | Failure> {
    dead.cut()
    const opened = await this.#openNew(signal)
    if (!(opened instanceof SmtpConnection)) this.#freeSlot()
    return opened
  }

  /** Takes a connection back. */
  release(connection: SmtpConnection): void {
    if (this.#closed || !connection.usable) {
      this.#drop(connection)
      return
    }
    connection.idleSince = process.uptime() * 1000
    connection.keepAlive(false)
    this.#idle.push(connection)
    this.#waiting.shift()?.()
    this.#sweep ??= setTimeout(() => this.#closeIdle(), IDLE_LIMIT).unref()
  }

  /** Says QUIT on all idle connections and waits for their end, two seconds at most. Busy ones end on release. */
  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#sweep)
    this.#sweep = undefined
    const idle = this.#idle.splice(0)
    this.#open -= idle.length
    await Promise.all(idle.map((connection) => connection.quit(true)))
  }

  /** Undefined when the server wants fewer connections than we have, and there are others to wait for. */
  async #openOne(signal: AbortSignal | undefined): Promise<SmtpConnection | Failure | undefined> {
    this.#open++
    const opened = await this.#openNew(signal)
    if (opened instanceof SmtpConnection) return opened
    this.#freeSlot()
    if (this.#open === 0 || opened.code === undefined || opened.code >= 500) return opened
    if (opened.phase !== 'banner' && opened.phase !== 'ehlo') return opened
    this.#limit = this.#open
    return undefined
  }

  #openNew(signal: AbortSignal | undefined): Promise<SmtpConnection | Failure> {
    const options = { signal, resolver: this.#resolver, credentials: this.#credentials }
    return openConnection(this.#settings, this.#log, options)
  }

  #drop(connection: SmtpConnection): void {
    void connection.quit(false)
    this.#freeSlot()
  }

  #freeSlot(): void {
    this.#open--
    if (this.#open === 0) this.#limit = Math.max(1, this.#settings.connections)
    this.#waiting.shift()?.()
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const go = (): void => {
        signal?.removeEventListener('abort', abort)
        resolve()
      }
      const abort = (): void => {
        const place = this.#waiting.indexOf(go)
        if (place !== -1) this.#waiting.splice(place, 1)
        go()
      }
      signal?.addEventListener('abort', abort)
      this.#waiting.push(go)
    })
  }

  #closeIdle(): void {
    this.#sweep = undefined
    const now = process.uptime() * 1000
    // the oldest are at the front
    while (this.#idle[0] !== undefined && now - this.#idle[0].idleSince >= IDLE_LIMIT) {
      const old = this.#idle.shift()
      if (old !== undefined) this.#drop(old)
    }
    const next = this.#idle[0]
    if (next === undefined) return
    this.#sweep = setTimeout(() => this.#closeIdle(), next.idleSince + IDLE_LIMIT - now + 1).unref()
  }
}
