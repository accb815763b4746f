/**
 * Requests to an OAuth 2.0 server (RFC 6749): a form goes there, JSON comes back. Only over https, except to this
 * machine; redirects are not followed, for they would carry the secrets on. No secret is in an error.
 */
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { describeError } from '../../errors/errno.ts'
import { VERSION } from '../../util/version.ts'
import { oneLine } from '../reply.ts'
import { SecretUnknown } from '../secret-unknown.ts'

/** In milliseconds, for the whole request. */
const LONGEST = 30_000
/** In octets. */
const LARGEST = 256 * 1024

/** What the server answered. */
export interface TokenReply {
  readonly ok: boolean
  /** The error code of RFC 6749 section 5.2 or RFC 8628 section 3.5; the status where there is none. */
  readonly error: string
  /** The server's words about the error, in one line. */
  readonly description: string
  readonly fields: Readonly<Record<string, unknown>>
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > LARGEST) throw new Error('the answer is too long')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function post(url: URL, form: string, signal: AbortSignal): Promise<{ status: number; body: string }> {
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': Buffer.byteLength(form),
    accept: 'application/json',
    'user-agent': `mailqueue/${VERSION}`,
  }
  return new Promise((resolve, reject) => {
    const request = send(url, { method: 'POST', headers, signal, agent: false }, (response) => {
      bodyOf(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject)
    })
    request.on('error', reject)
    request.end(form)
  })
}

function fieldsIn(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

/** A text field of an answer. */
export function textField(fields: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = fields[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/**
 * Sends a form.
 *
 * @param signal gives up
 * @returns the answer, also when it is an error
 * @throws SecretUnknown when there is no answer
 */
export async function requestToken(
  address: string,
  form: Readonly<Record<string, string | undefined>>,
  signal?: AbortSignal,
): Promise<TokenReply> {
  const url = new URL(address)
  const given = Object.entries(form).filter((entry): entry is [string, string] => entry[1] !== undefined)
  const limit = AbortSignal.timeout(LONGEST)
  try {
    const text = new URLSearchParams(given).toString()
    const { status, body } = await post(
      url,
      text,
      AbortSignal.any([limit, ...(signal === undefined ? [] : [signal])]),
    )
    const fields = fieldsIn(body)
    const description = oneLine(textField(fields, 'error_description') ?? '')
    return {
      ok: status === 200,
      error: textField(fields, 'error') ?? `status ${status}`,
      description,
      fields,
    }
  } catch (error) {
    const why = limit.aborted ? `no answer within ${LONGEST / 1000} s` : oneLine(describeError(error))
    throw new SecretUnknown(`cannot get an OAuth 2.0 token from ${url.host}: ${why}`)
  }
}
