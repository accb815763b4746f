/**
 * An OAuth 2.0 server for tests, on 127.0.0.1 without TLS: it answers each request with the next of the given answers, and
 * keeps what came.
 */
import { createServer, type RequestListener } from 'node:http'

/** An answer: its fields, and a status other than 200 with `error`. */
export type TokenAnswer = Readonly<Record<string, string | number>>

/** A running server. */
export interface TokenServer {
  /** Its address, without a path. */
  readonly url: string
  /** The forms that came, in order, each with the path under the name `path`. */
  readonly requests: Readonly<Record<string, string>>[]
  close(): Promise<void>
}

/**
 * Starts a server.
 *
 * @param answer by path and number of the request, from 1
 */
export async function startTokenServer(
  answer: (path: string, count: number) => TokenAnswer | 'nothing',
): Promise<TokenServer> {
  const requests: Readonly<Record<string, string>>[] = []
  const listener: RequestListener = (request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      const path = request.url ?? ''
      requests.push({ ...Object.fromEntries(new URLSearchParams(body)), path })
      const fields = answer(path, requests.length)
      if (fields === 'nothing') {
        response.destroy()
        return
      }
      response.writeHead('error' in fields ? 400 : 200, { 'content-type': 'application/json' })
      response.end(JSON.stringify(fields))
    })
  }
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    close: () => {
      server.closeAllConnections()
      return new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
