/**
 * One request to an HTTP server: a body goes there, a short one comes back. Redirects are not followed, for they would carry
 * what is secret in the request to another server; the caller sees the status. An answer that is too long is no answer.
 */
import { request as startRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { VERSION } from '../../util/version.ts'
import { connectTo, type HttpRoute } from './connection.ts'

/** What is asked, and how. */
interface HttpQuestion {
  readonly url: URL
  readonly route: HttpRoute
  /** Gives up. */
  readonly signal: AbortSignal
  /** In addition to those that every request has. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** The longest body of an answer, in octets. */
  readonly largest: number
}

/** What the server answered. */
interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

async function bodyOf(response: IncomingMessage, largest: number): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > largest) throw new Error('the answer is too long')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/**
 * Sends a body.
 *
 * @returns the answer, whatever its status
 * @throws Error why there is none
 */
export async function httpPost(question: HttpQuestion): Promise<HttpAnswer> {
  const { url, route, signal, body, largest } = question
  const socket = await connectTo(url, route, signal)
  const headers = {
    host: url.host,
    'content-length': Buffer.byteLength(body),
    'user-agent': `mailqueue/${VERSION}`,
    ...question.headers,
  }
  const path = url.pathname + url.search
  try {
    return await new Promise((resolve, reject) => {
      const options = { method: 'POST', path, headers, signal, createConnection: () => socket }
      const request = startRequest(options, (response) => {
        const { statusCode: status = 0 } = response
        bodyOf(response, largest).then(
          (text) => resolve({ status, headers: response.headers, body: text }),
          reject,
        )
      })
      request.on('error', reject)
      request.end(body)
    })
  } finally {
    socket.destroy()
  }
}
