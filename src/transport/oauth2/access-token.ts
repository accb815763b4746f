/**
 * The access token of an account: from a program, or from the provider in exchange for the refresh token (RFC 6749
 * section 6). One process at a time asks, because some providers take a refresh token only once; a new one is stored
 * before anything else is done with the answer.
 */
import type { OAuth2Settings } from '../../config/config.ts'
import { describeError } from '../../errors/errno.ts'
import { withLock } from '../../util/private-file.ts'
import { oneLine } from '../reply.ts'
import { secretOfProgram } from '../secret-program.ts'
import { SecretUnknown } from '../secret-unknown.ts'
import type { Secrets } from '../secrets.ts'
import {
  dropAccessToken,
  keepAccessToken,
  lockFile,
  readAccessToken,
  readRefreshToken,
  writeRefreshToken,
  type AccessToken,
} from './token-files.ts'
import { requestToken, textField, type TokenReply } from './token-request.ts'

type RefreshSettings = OAuth2Settings & { readonly kind: 'refresh' }

/** How long a token is taken to be good when the provider does not say, in seconds. */
const USUAL_TIME = 300

interface TokenContext {
  /** Takes what must never be shown. */
  readonly secrets: Secrets
  readonly signal: AbortSignal | undefined
}

const REMEDIES: Readonly<Record<string, string>> = {
  invalid_grant: 'the refresh token is no longer good; run mq-auth again',
  invalid_client: 'check oauth2_client_id and oauth2_client_secret',
  unauthorized_client: 'check oauth2_client_id, and what the application is allowed at the provider',
}

function refused(
  { error, description }: TokenReply,
  { tokenUrl }: RefreshSettings,
  secrets: Secrets,
): SecretUnknown {
  const words = secrets.clean(oneLine([error, description].filter((part) => part !== '').join(': ')))
  const remedy = REMEDIES[error] ?? 'try again later, or run mq-auth again'
  return new SecretUnknown(`${new URL(tokenUrl).host} gave no OAuth 2.0 token (${words}); ${remedy}`)
}

/** Stores what the provider gave in the place of the refresh token. */
async function storeRotated(settings: RefreshSettings, token: string): Promise<void> {
  try {
    await writeRefreshToken(settings.refreshTokenFile, token)
  } catch (error) {
    const why = `the new refresh token cannot be written to ${settings.refreshTokenFile}: ${describeError(error)}`
    throw new SecretUnknown(
      `${why}; make its directory writable, and run mq-auth again if the old one is no longer good`,
    )
  }
}

async function refresh(settings: RefreshSettings, { secrets, signal }: TokenContext): Promise<AccessToken> {
  const { refreshTokenFile, clientId, clientSecret, tokenUrl } = settings
  const refreshToken = readRefreshToken(refreshTokenFile)
  secrets.add(refreshToken)
  const kept = readAccessToken(refreshTokenFile, refreshToken, Date.now())
  if (kept !== undefined) return kept
  const form = {
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
    client_id: clientId,
    client_secret: clientSecret,
  }
  const reply = await requestToken(tokenUrl, form, signal)
  const token = textField(reply.fields, 'access_token')
  if (!reply.ok || token === undefined) throw refused(reply, settings, secrets)
  secrets.add(token)
  const rotated = textField(reply.fields, 'refresh_token') ?? refreshToken
  secrets.add(rotated)
  if (rotated !== refreshToken) await storeRotated(settings, rotated)
  const seconds = Number(reply.fields['expires_in'])
  const time = Number.isFinite(seconds) && seconds > 0 ? seconds : USUAL_TIME
  const access = { token, expires: Date.now() + time * 1000 }
  await keepAccessToken(refreshTokenFile, rotated, access)
  return access
}

/**
 * An access token, kept or new.
 *
 * @throws SecretUnknown when none can be had
 */
export async function accessToken(settings: OAuth2Settings, context: TokenContext): Promise<string> {
  const { secrets, signal } = context
  if (settings.kind === 'command') return secretOfProgram(settings.command, 'oauth2_token_command', signal)
  const { refreshTokenFile } = settings
  const refreshToken = readRefreshToken(refreshTokenFile)
  secrets.add(refreshToken)
  const kept = readAccessToken(refreshTokenFile, refreshToken, Date.now())
  const { token } = kept ?? (await withLock(lockFile(refreshTokenFile), () => refresh(settings, context)))
  return token
}

/** Forgets an access token that the mail server did not take. */
export function forgetAccessToken(settings: OAuth2Settings, token: string): void {
  if (settings.kind === 'refresh') dropAccessToken(settings.refreshTokenFile, token)
}
