/**
 * Gets a refresh token with a code that the user types in on any other machine (RFC 8628).
 */
import type { SmtpSettings } from '../../config/config.ts'
import { SecretUnknown } from '../secrets/unknown.ts'
import { NoAnswer, requestToken, textField, type TokenReply } from './token-request.ts'

/** What identifies the application to the provider. */
export interface OAuth2Client {
  readonly clientId: string
  readonly clientSecret: string | undefined
  readonly scope: string | undefined
  readonly tokenUrl: string
  /** The account: how its network is left. */
  readonly smtp: SmtpSettings
}

/** How asking for permission ended. */
export type Permission =
  | { readonly kind: 'granted'; readonly reply: TokenReply }
  | { readonly kind: 'denied' | 'expired'; readonly why: string }

/** What the user has to do. */
export interface DeviceCode {
  readonly deviceCode: string
  /** To be typed in. */
  readonly userCode: string
  /** Where. */
  readonly address: string
  /** Seconds. */
  readonly expiresIn: number
  readonly interval: number
}

const USUAL_INTERVAL = 5
const USUAL_TIME = 1800
/** Added when the server wants to be asked less often (RFC 8628 section 3.5), in seconds. */
const SLOWER = 5
/** Nobody waits longer than this, and the server is asked at least so often, in seconds. */
const MOST_TIME = 3600
const MOST_INTERVAL = 60
/** In milliseconds. */
const SHORTEST = 20

/** A number of seconds; some servers send it as text. */
function seconds(value: unknown, otherwise: number, most: number): number {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value
  return typeof number === 'number' && number >= 0 ? Math.min(number, most) : otherwise
}

/** What a provider said, in words. */
export function wordsOf({ error, description }: TokenReply): string {
  return description === '' ? error : `${error}: ${description}`
}

/**
 * Asks for a code.
 *
 * @param deviceUrl where codes are given out
 * @throws SecretUnknown when there is none
 */
export async function requestDeviceCode(deviceUrl: string, client: OAuth2Client): Promise<DeviceCode> {
  const reply = await requestToken(
    deviceUrl,
    { client_id: client.clientId, scope: client.scope },
    client.smtp,
  )
  const { fields } = reply
  const deviceCode = textField(fields, 'device_code')
  const userCode = textField(fields, 'user_code')
  // Google has another name for it.
  const address = textField(fields, 'verification_uri') ?? textField(fields, 'verification_url')
  if (!reply.ok || deviceCode === undefined || userCode === undefined || address === undefined) {
    throw new SecretUnknown(
      `${new URL(deviceUrl).host} gave no code (${wordsOf(reply)}); check oauth2_client_id`,
    )
  }
  const expiresIn = seconds(fields['expires_in'], USUAL_TIME, MOST_TIME)
  const interval = seconds(fields['interval'], USUAL_INTERVAL, MOST_INTERVAL)
  return { deviceCode, userCode, address, expiresIn, interval }
}

/** What an answer means; undefined when there is none yet. */
function permissionIn(reply: TokenReply): Permission | undefined {
  if (reply.ok) return { kind: 'granted', reply }
  const why = wordsOf(reply)
  switch (reply.error) {
    case 'authorization_pending':
    case 'slow_down':
      return undefined
    // The second is what Microsoft says.
    case 'access_denied':
    case 'authorization_declined':
      return { kind: 'denied', why }
    case 'expired_token':
      return { kind: 'expired', why }
    default:
      throw new SecretUnknown(why)
  }
}

/**
 * Waits until the user has typed in the code. A request without an answer is no reason to give up: the server is asked
 * less often then (RFC 8628 section 3.5), as long as the code is good.
 *
 * @param onTrouble is told of the first request without an answer
 * @throws SecretUnknown when the provider refuses for another reason, or cannot be reached until the code has expired
 */
export async function awaitPermission(
  code: DeviceCode,
  client: OAuth2Client,
  onTrouble: (why: string) => void,
): Promise<Permission> {
  const form = {
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    device_code: code.deviceCode,
    client_id: client.clientId,
    client_secret: client.clientSecret,
  }
  const end = performance.now() + code.expiresIn * 1000
  let { interval } = code
  let trouble: NoAnswer | undefined
  while (performance.now() <= end) {
    // A server that names no interval must not make this a busy loop.
    await new Promise((resolve) => setTimeout(resolve, Math.max(interval * 1000, SHORTEST)))
    try {
      const reply = await requestToken(client.tokenUrl, form, client.smtp)
      trouble = undefined
      const permission = permissionIn(reply)
      if (permission !== undefined) return permission
      if (reply.error === 'slow_down') interval = Math.min(interval + SLOWER, MOST_INTERVAL)
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error
      if (trouble === undefined) onTrouble(error.message)
      trouble = error
      interval = Math.min(interval * 2, MOST_INTERVAL)
    }
  }
  if (trouble !== undefined) throw trouble
  return { kind: 'expired', why: 'nobody typed in the code in time' }
}
