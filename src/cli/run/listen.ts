/**
 * A small web server for monitoring programs: `/metrics`, `/healthz` and `/queue`. It only reads, it has small limits, and
 * nothing that it meets can disturb the delivery of mail. It shows no address that the logs would not show.
 */
import { chmodSync, lstatSync, unlinkSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { EXPOSITION_TYPE } from '../../delivery/metrics/exposition.ts'
import { describeError, errnoOf } from '../../errors/errno.ts'
import { MailError } from '../../errors/mail-error.ts'
import type { Privacy } from '../../logging/privacy.ts'
import { isLocalHost, isLoopback, type ListenAddress } from './listen-address.ts'

/** How a daemon is. Times are milliseconds since the epoch. */
export interface ListenState {
  readonly startedAt: number
  readonly lastPass: number | undefined
  readonly nextDue: number | undefined
  /** Messages in flight. */
  readonly busy: number
  /** Why the queue cannot be used; undefined when all is well. */
  readonly trouble: string | undefined
}

/** What is served. */
export interface ListenParts {
  readonly address: ListenAddress
  /** The text of `/metrics`. */
  readonly metrics: () => Promise<string>
  /** The object of `/queue`: that of `mq-queue stats --json`. */
  readonly queue: () => Promise<Readonly<Record<string, unknown>>>
  readonly privacy: Privacy
}

/** What a request gets. */
interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string
}

/** Limits: octets of a header, connections at a time, and milliseconds for a request. */
const LIMITS = { maxHeaderSize: 8 * 1024, headersTimeout: 5000, requestTimeout: 5000, keepAliveTimeout: 5000 }
const CONNECTIONS = 32
/** Others of the same group may read what a socket in the file system gives. */
const SOCKET_MODE = 0o660

const JSON_TYPE = 'application/json; charset=utf-8'
const json = (status: number, value: object): Answer => ({
  status,
  type: JSON_TYPE,
  body: `${JSON.stringify(value)}\n`,
})
const refusal = (status: number, error: string): Answer => json(status, { error })

const seconds = (ms: number | undefined): number | undefined =>
  ms === undefined ? undefined : Math.floor(ms / 1000)

function health(
  { startedAt, lastPass, nextDue, busy, trouble }: ListenState,
  { privacy }: ListenParts,
): Answer {
  return json(trouble === undefined ? 200 : 503, {
    status: trouble === undefined ? 'ok' : 'failing',
    reason: trouble === undefined ? undefined : privacy.text(trouble),
    started: seconds(startedAt),
    last_pass: seconds(lastPass),
    next_due: seconds(nextDue),
    busy,
  })
}

/** Whoever asks while the answer is being made gets the same one. */
function shared<T>(make: () => Promise<T>): () => Promise<T> {
  let underWay: Promise<T> | undefined
  return () => (underWay ??= make().finally(() => (underWay = undefined)))
}

type Page = (state: ListenState) => Promise<Answer> | Answer

/** The pages by their paths. */
function pagesOf(parts: ListenParts): ReadonlyMap<string, Page> {
  const metrics = shared(parts.metrics)
  const queue = shared(parts.queue)
  return new Map<string, Page>([
    ['/metrics', async () => ({ status: 200, type: EXPOSITION_TYPE, body: await metrics() })],
    ['/healthz', (state) => health(state, parts)],
    ['/queue', async () => json(200, parts.privacy.facts(await queue()))],
  ])
}

async function answerTo(
  { method, url = '', headers }: IncomingMessage,
  state: ListenState,
  { address }: ListenParts,
  pages: ReadonlyMap<string, Page>,
): Promise<Answer> {
  if (method !== 'GET' && method !== 'HEAD') return refusal(405, 'only GET and HEAD are served here')
  if (isLoopback(address) && !isLocalHost(headers.host)) return refusal(421, 'this is not that host')
  const page = pages.get(url.replace(/\?.*$/s, ''))
  if (page === undefined) return refusal(404, `there are ${[...pages.keys()].join(', ')}`)
  try {
    return await page(state)
  } catch (error) {
    return refusal(503, error instanceof MailError ? error.publicMessage : describeError(error))
  }
}

function send(response: ServerResponse, { status, type, body }: Answer, isHead: boolean): void {
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...(status === 405 ? { Allow: 'GET, HEAD' } : {}),
  })
  response.end(isHead ? undefined : body)
}

/** Removes the socket of a daemon that is gone; nothing that is in use, and nothing that is no socket. */
async function removeStale(path: string): Promise<boolean> {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() !== true) return false
  const isGone = await new Promise<boolean>((resolve) => {
    const socket = connect(path, () => resolve(false))
    socket.on('error', (error) => resolve(errnoOf(error) === 'ECONNREFUSED'))
    socket.on('close', () => socket.destroy())
    socket.end()
  })
  if (isGone) unlinkSync(path)
  return isGone
}

function listen(server: Server, address: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    const done = (): void => {
      server.removeListener('error', reject)
      resolve()
    }
    if (address.kind === 'unix') server.listen(address.path, done)
    else server.listen({ host: address.host, port: address.port, exclusive: true }, done)
  })
}

async function open(server: Server, address: ListenAddress): Promise<void> {
  try {
    await listen(server, address).catch(async (error: unknown) => {
      const again =
        address.kind === 'unix' && errnoOf(error) === 'EADDRINUSE' && (await removeStale(address.path))
      if (!again) throw error
      await listen(server, address)
    })
    if (address.kind === 'unix') chmodSync(address.path, SOCKET_MODE)
  } catch (error) {
    const where = address.kind === 'unix' ? `unix:${address.path}` : `${address.host}:${address.port}`
    throw new MailError('CONFIG_INVALID', `cannot listen on ${where}: ${describeError(error)}`, {
      cause: error,
    })
  }
}

/** A server that can be started beside a daemon. */
export interface Listener {
  /**
   * Listens.
   *
   * @throws MailError CONFIG_INVALID when it cannot
   */
  start(state: ListenState): Promise<{ readonly port: number | undefined; stop(): Promise<void> }>
}

/** A server for monitoring programs. */
export function listener(parts: ListenParts): Listener {
  return {
    start: async (state) => {
      const pages = pagesOf(parts)
      const server = createServer(LIMITS, (request, response) => {
        // A body is not read: there is nothing that it could be for.
        request.resume()
        response.on('error', () => undefined)
        void answerTo(request, state, parts, pages).then((answer) =>
          send(response, answer, request.method === 'HEAD'),
        )
      })
      server.maxConnections = CONNECTIONS
      await open(server, parts.address)
      // What comes later, such as too many open files, ends no delivery.
      server.on('error', () => undefined)
      const bound = server.address()
      const stop = async (): Promise<void> => {
        const closed = new Promise<void>((resolve) => server.close(() => resolve()))
        server.closeAllConnections()
        await closed
      }
      return { port: typeof bound === 'object' && bound !== null ? bound.port : undefined, stop }
    },
  }
}
