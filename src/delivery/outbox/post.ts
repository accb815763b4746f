/**
 * One signed request to the application. The signature covers the time and the exact body, so that nobody else can say
 * anything in our name, nor say it again later. Only an answer of 2xx means that the application has it.
 */
import { createHmac } from 'node:crypto'
import type { WebhookSettings } from '../../config/config.ts'
import { describeError } from '../../errors/errno.ts'
import { httpPost } from '../../transport/http/post.ts'
import type { HttpRoute } from '../../transport/http/connection.ts'
import { oneLine } from '../../transport/reply.ts'
import { newSecrets } from '../../transport/secrets/secrets.ts'

/** The header with the signature. */
const SIGNATURE_HEADER = 'X-Mailqueue-Signature'
/** For a whole request, in milliseconds. */
const LONGEST = 15_000
/** An answer is read to its end, but not for ever, in octets. */
const LARGEST_ANSWER = 64 * 1024
/** A server that wants to be left alone for longer is asked again after this, in milliseconds. */
const LONGEST_PAUSE = 24 * 3600_000

/** To whom, by which way, and how it is signed. */
export interface Posting {
  readonly webhook: Pick<WebhookSettings, 'url'>
  readonly secret: string
  readonly route: HttpRoute
  /** Milliseconds since the epoch. */
  readonly now: number
  readonly signal?: AbortSignal | undefined
}

/** What came of it. */
export type Posted =
  | { readonly ok: true }
  | {
      readonly ok: false
      /** One line for people, without secrets. */
      readonly reason: string
      /** How long the application wants to be left alone, in milliseconds. */
      readonly pause?: number
    }

/** The value of the header. */
export function signatureOf(body: string, secret: string, now: number): string {
  const time = Math.floor(now / 1000)
  return `t=${time},v1=${createHmac('sha256', secret).update(`${time}.${body}`).digest('hex')}`
}

/** The pause that a Retry-After header asks for (RFC 9110 section 10.2.3), in milliseconds. */
export function pauseIn(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined
  const pause = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now
  return pause > 0 ? Math.min(pause, LONGEST_PAUSE) : undefined
}

function refusal(status: number, retryAfter: string | undefined, { webhook, now }: Posting): Posted {
  const pause = pauseIn(retryAfter, now)
  const moved = status >= 300 && status < 400 ? ', which is not followed; correct webhook' : ''
  const reason = `the webhook at ${new URL(webhook.url).host} answered with status ${status}${moved}`
  return { ok: false, reason, ...(pause === undefined ? {} : { pause }) }
}

/**
 * Sends events.
 *
 * @param events each as JSON; none to find out whether the application can be reached
 * @returns whether it has taken them; never rejects
 */
export async function postEvents(events: readonly string[], posting: Posting): Promise<Posted> {
  const { webhook, secret, route, now, signal } = posting
  const url = new URL(webhook.url)
  const body = `{"events":[${events.join(',')}]}`
  const limit = AbortSignal.timeout(LONGEST)
  try {
    const { status, headers } = await httpPost({
      url,
      route,
      signal: signal === undefined ? limit : AbortSignal.any([limit, signal]),
      headers: {
        'content-type': 'application/json',
        [SIGNATURE_HEADER]: signatureOf(body, secret, now),
      },
      body,
      largest: LARGEST_ANSWER,
    })
    if (status >= 200 && status < 300) return { ok: true }
    return refusal(status, headers['retry-after'], posting)
  } catch (error) {
    const secrets = newSecrets()
    for (const each of [secret, route.proxy?.password]) if (each !== undefined) secrets.add(each)
    const why = limit.aborted ? `no answer within ${LONGEST / 1000} s` : describeError(error)
    return { ok: false, reason: oneLine(secrets.clean(`the webhook at ${url.host}: ${why}`)) }
  }
}
