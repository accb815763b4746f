/**
 * An OAuth 2.0 server for tests, on 127.0.0.1, without TLS unless it is given a certificate: it answers each request with
 * the next of the given answers, and keeps what came.
 */
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'

/** An answer: its fields, and a status other than 200 with `error`. */
export type TokenAnswer = Readonly<Record<string, string | number>>

/** What a server says: an answer, nothing at all, or a status with a page of HTML. */
export type TokenReaction = TokenAnswer | 'nothing' | number

/** A running server. */
export interface TokenServer {
  /** Its address, without a path. */
  readonly url: string
  /** The forms that came, in order, each with the path under the name `path`. */
  readonly requests: Readonly<Record<string, string>>[]
  close(): Promise<void>
}

function react(response: ServerResponse, reaction: TokenReaction): void {
  if (reaction === 'nothing') response.destroy()
  else if (typeof reaction === 'number')
    response.writeHead(reaction, { 'content-type': 'text/html' }).end('<h1>trouble</h1>')
  else {
    response.writeHead('error' in reaction ? 400 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(reaction))
  }
}

/**
 * Starts a server.
 *
 * @param answer by path and number of the request, from 1
 * @param tls key and certificate
 */
export async function startTokenServer(
  answer: (path: string, count: number) => TokenReaction | Promise<TokenReaction>,
  tls?: { readonly key: string; readonly cert: string },
): Promise<TokenServer> {
  const requests: Readonly<Record<string, string>>[] = []
  const listener: RequestListener = (request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      const path = request.url ?? ''
      requests.push({ ...Object.fromEntries(new URLSearchParams(body)), path })
      void Promise.resolve(answer(path, requests.length)).then((reaction) => react(response, reaction))
    })
  }
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${address.port}`,
    requests,
    close: () => {
      server.closeAllConnections()
      return new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
