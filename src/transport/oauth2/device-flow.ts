/**
 * Gets a refresh token with a code that the user types in on any other machine (RFC 8628).
 */
import { SecretUnknown } from '../secret-unknown.ts'
import { requestToken, textField, type TokenReply } from './token-request.ts'

/** What identifies the application to the provider. */
export interface OAuth2Client {
  readonly clientId: string
  readonly clientSecret: string | undefined
  readonly scope: string | undefined
  readonly tokenUrl: string
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

const seconds = (value: unknown, otherwise: number): number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : otherwise

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
  const reply = await requestToken(deviceUrl, { client_id: client.clientId, scope: client.scope })
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
  const expiresIn = seconds(fields['expires_in'], USUAL_TIME)
  return { deviceCode, userCode, address, expiresIn, interval: seconds(fields['interval'], USUAL_INTERVAL) }
}

/**
 * Waits until the user has typed in the code.
 *
 * @throws SecretUnknown when the provider cannot be reached or refuses for another reason
 */
export async function awaitPermission(code: DeviceCode, client: OAuth2Client): Promise<Permission> {
  const form = {
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    device_code: code.deviceCode,
    client_id: client.clientId,
    client_secret: client.clientSecret,
  }
  let { interval } = code
  for (let waited = 0; waited <= code.expiresIn; waited += interval) {
    await new Promise((resolve) => setTimeout(resolve, interval * 1000))
    const reply = await requestToken(client.tokenUrl, form)
    if (reply.ok) return { kind: 'granted', reply }
    if (reply.error === 'slow_down') interval += SLOWER
    else if (reply.error === 'access_denied') return { kind: 'denied', why: wordsOf(reply) }
    else if (reply.error === 'expired_token') return { kind: 'expired', why: wordsOf(reply) }
    else if (reply.error !== 'authorization_pending') throw new SecretUnknown(wordsOf(reply))
    // A server that names no interval must not make this a busy loop without end.
    if (interval === 0) waited++
  }
  return { kind: 'expired', why: 'nobody typed in the code in time' }
}
