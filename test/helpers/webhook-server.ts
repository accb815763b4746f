/**
 * An application that takes delivery reports: an HTTP server on 127.0.0.1, with TLS when it is given a certificate. It checks
 * each signature by a computation of its own, keeps what came, and answers as it is told.
 */
import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'

/** An event as it came. */
export interface ReceivedEvent {
  readonly id: string
  readonly event: string
  readonly recipient: string
  readonly [member: string]: unknown
}

/** One request. */
export interface ReceivedRequest {
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly events: readonly ReceivedEvent[]
}

/** An answer: a status, perhaps with headers; no answer at all; or what the test does with the response. */
export type WebhookReaction =
  | number
  | 'nothing'
  | { readonly status: number; readonly headers: Readonly<Record<string, string>> }
  | ((response: ServerResponse) => void)

/** A running application. */
export interface WebhookServer {
  readonly url: string
  readonly requests: ReceivedRequest[]
  /** Events that were answered with 2xx, each once. */
  accepted(): ReceivedEvent[]
  close(): Promise<void>
}

/** Whether a signature is that of the body, computed here. */
function isSigned(secret: string, header: string | undefined, body: string): boolean {
  const [, time = '', mac = ''] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(header ?? '') ?? []
  const hmac = createHmac('sha256', Buffer.from(secret, 'utf8'))
  hmac.update(time)
  hmac.update('.')
  hmac.update(body)
  return mac !== '' && hmac.digest('hex') === mac
}

function react(response: ServerResponse, reaction: WebhookReaction): void {
  if (typeof reaction === 'function') reaction(response)
  else if (reaction === 'nothing') response.destroy()
  else if (typeof reaction === 'number') response.writeHead(reaction).end('ok')
  else response.writeHead(reaction.status, reaction.headers).end()
}

const isTaken = (reaction: WebhookReaction): boolean =>
  typeof reaction === 'number' && reaction >= 200 && reaction < 300

/**
 * Starts an application.
 *
 * @param answer by the number of the request, from 1
 * @param tls key and certificate
 */
export async function startWebhookServer(
  secret: string,
  answer: (count: number, request: ReceivedRequest) => WebhookReaction | Promise<WebhookReaction> = () => 200,
  tls?: { readonly key: string; readonly cert: string },
): Promise<WebhookServer> {
  const requests: ReceivedRequest[] = []
  const accepted = new Map<string, ReceivedEvent>()
  const take = (headers: IncomingHttpHeaders, body: string, response: ServerResponse): void => {
    if (!isSigned(secret, String(headers['x-mailqueue-signature']), body)) {
      response.writeHead(401).end()
      return
    }
    const { events } = JSON.parse(body) as Pick<ReceivedRequest, 'events'>
    const request = { headers, body, events }
    requests.push(request)
    void Promise.resolve(answer(requests.length, request)).then((reaction) => {
      if (isTaken(reaction)) for (const event of events) accepted.set(event.id, event)
      react(response, reaction)
    })
  }
  const onRequest: RequestListener = (request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (chunk: string) => (body += chunk))
    request.on('end', () => take(request.headers, body, response))
  }
  const server = tls === undefined ? createServer(onRequest) : createTlsServer(tls, onRequest)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return {
    url: `${tls === undefined ? 'http' : 'https'}://localhost:${address.port}/mail?x=1`,
    requests,
    accepted: () => [...accepted.values()],
    close: () => {
      server.closeAllConnections()
      return new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
