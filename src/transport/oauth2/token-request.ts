/**
 * Requests to an OAuth 2.0 server (RFC 6749): a form goes there, JSON comes back. Only over https, except to this
 * machine; redirects are not followed, for they would carry the secrets on. No secret is in an error, nor in the words of
 * the server.
 */
import type { SmtpSettings } from '../../config/config.ts'
import { describeError } from '../../errors/errno.ts'
import { httpPost } from '../http/post.ts'
import { oneLine } from '../reply.ts'
import { SecretUnknown } from '../secrets/unknown.ts'
import { newSecrets, type Secrets } from '../secrets/secrets.ts'

/** In milliseconds, for the whole request. */
const LONGEST = 30_000
/** In octets. */
const LARGEST = 256 * 1024

/** Fields of a form that are no secrets. */
const OPEN_FIELDS = ['grant_type', 'client_id', 'scope', 'redirect_uri']

/** No answer came, or one that says no more than that the server is in trouble: the same request may succeed later. */
export class NoAnswer extends SecretUnknown {}

/** What the server answered. */
export interface TokenReply {
  readonly ok: boolean
  /** The error code of RFC 6749 section 5.2 or RFC 8628 section 3.5; the status where there is none. */
  readonly error: string
  /** The server's words about the error, in one line. */
  readonly description: string
  readonly fields: Readonly<Record<string, unknown>>
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

function secretsOf(form: readonly (readonly [string, string])[], { proxy }: SmtpSettings): Secrets {
  const secrets = newSecrets()
  for (const [name, value] of form) if (!OPEN_FIELDS.includes(name)) secrets.add(value)
  if (proxy?.password !== undefined) secrets.add(proxy.password)
  return secrets
}

/** A gateway on the way answers like this, and a server that is overloaded. */
const isTrouble = (status: number): boolean => status >= 500 || status === 429 || status === 408

/**
 * Sends a form.
 *
 * @param settings of the account: how its network is left
 * @returns the answer, also when it is an error
 * @throws NoAnswer when there is none
 */
export async function requestToken(
  address: string,
  form: Readonly<Record<string, string | undefined>>,
  settings: SmtpSettings,
): Promise<TokenReply> {
  const url = new URL(address)
  const given = Object.entries(form).filter((entry): entry is [string, string] => entry[1] !== undefined)
  const secrets = secretsOf(given, settings)
  const limit = AbortSignal.timeout(LONGEST)
  const noAnswer = (why: string): NoAnswer =>
    new NoAnswer(`cannot get an OAuth 2.0 token from ${url.host}: ${oneLine(secrets.clean(why))}`)
  const question = {
    url,
    route: settings,
    signal: limit,
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: new URLSearchParams(given).toString(),
    largest: LARGEST,
  }
  const answer = await httpPost(question).catch((error: unknown) => {
    throw noAnswer(limit.aborted ? `no answer within ${LONGEST / 1000} s` : describeError(error))
  })
  const { status, body } = answer
  const fields = fieldsIn(body)
  const error = textField(fields, 'error')
  if (error === undefined && isTrouble(status)) throw noAnswer(`it answered with status ${status}`)
  return {
    ok: status === 200,
    error: oneLine(secrets.clean(error ?? `status ${status}`)),
    description: oneLine(secrets.clean(textField(fields, 'error_description') ?? '')),
    fields,
  }
}
