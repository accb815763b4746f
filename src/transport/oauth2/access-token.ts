/**
 * The access token of an account: from a program, or from the provider in exchange for the refresh token (RFC 6749
 * section 6). One process at a time asks, because some providers take a refresh token only once: there is room for a new
 * one before the old one is given away, a request that has begun is brought to its end whoever gives up meanwhile, and the
 * new one is stored before anything else is done with the answer.
 */
import type { OAuth2Settings, SmtpSettings } from '../../config/config.ts'
import { describeError, errnoOf } from '../../errors/errno.ts'
import { withLock, type ReservedFile } from '../../util/private-file.ts'
import { mustFinish } from '../../util/unfinished.ts'
import { oneLine } from '../reply.ts'
import { secretOfProgram } from '../secrets/program.ts'
import { SecretUnknown } from '../secrets/unknown.ts'
import type { Secrets } from '../secrets/secrets.ts'
import {
  dropAccessToken,
  keepAccessToken,
  lockFile,
  readAccessToken,
  readRefreshToken,
  reserveRefreshToken,
  type AccessToken,
} from './token-files.ts'
import { requestToken, textField, type TokenReply } from './token-request.ts'

type RefreshSettings = OAuth2Settings & { readonly kind: 'refresh' }

/** How long a token is taken to be good when the provider does not say, in seconds. */
const USUAL_TIME = 300

/** Where no new refresh token can be stored in any case, the provider may have none to store. */
const NEVER_WRITABLE = ['EACCES', 'EPERM', 'EROFS']

interface TokenContext {
  /** Of the account: how its network is left. */
  readonly smtp: SmtpSettings
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

function notWritten({ refreshTokenFile }: RefreshSettings, error: unknown, remedy: string): SecretUnknown {
  const why = `the new refresh token cannot be written to ${refreshTokenFile}: ${describeError(error)}`
  return new SecretUnknown(`${why}; ${remedy}`)
}

/** Takes the room for another refresh token; an error where there is none, or where nothing can be written at all. */
async function reserve(settings: RefreshSettings): Promise<ReservedFile | Error> {
  try {
    return await reserveRefreshToken(settings.refreshTokenFile)
  } catch (error) {
    if (!NEVER_WRITABLE.includes(errnoOf(error) ?? ''))
      throw notWritten(settings, error, 'nothing was asked for; make room')
    return error instanceof Error ? error : new Error(String(error))
  }
}

/** Stores what the provider gave in the place of the refresh token. */
async function storeRotated(
  settings: RefreshSettings,
  token: string,
  room: ReservedFile | Error,
): Promise<void> {
  try {
    if (room instanceof Error) throw room
    await room.replace(`${token}\n`)
  } catch (error) {
    const remedy = 'make its directory writable, and run mq-auth again if the old one is no longer good'
    throw notWritten(settings, error, remedy)
  }
}

/** Exchanges the refresh token. @returns undefined when somebody else has exchanged it meanwhile */
async function exchange(
  settings: RefreshSettings,
  refreshToken: string,
  { secrets, smtp }: TokenContext,
): Promise<AccessToken | undefined> {
  const { refreshTokenFile, clientId, clientSecret, tokenUrl } = settings
  const form = {
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
    client_id: clientId,
    client_secret: clientSecret,
  }
  const room = await reserve(settings)
  let unused = true
  try {
    const reply = await requestToken(tokenUrl, form, smtp)
    const token = textField(reply.fields, 'access_token')
    if (!reply.ok || token === undefined) {
      if (readRefreshToken(refreshTokenFile) !== refreshToken) return undefined
      throw refused(reply, settings, secrets)
    }
    secrets.add(token)
    const rotated = textField(reply.fields, 'refresh_token') ?? refreshToken
    secrets.add(rotated)
    unused = rotated === refreshToken
    if (!unused) await storeRotated(settings, rotated, room)
    const seconds = Number(reply.fields['expires_in'])
    const time = Number.isFinite(seconds) && seconds > 0 ? seconds : USUAL_TIME
    const access = { token, expires: Date.now() + time * 1000 }
    await keepAccessToken(refreshTokenFile, rotated, access)
    return access
  } finally {
    if (unused && !(room instanceof Error)) room.release()
  }
}

/** Looks again, now that nobody else is at work, and asks the provider if need be. */
async function refresh(settings: RefreshSettings, context: TokenContext): Promise<AccessToken> {
  const { refreshTokenFile } = settings
  for (let more = 1; ; more--) {
    const refreshToken = readRefreshToken(refreshTokenFile)
    context.secrets.add(refreshToken)
    const kept = readAccessToken(refreshTokenFile, refreshToken, Date.now())
    const access = kept ?? (await exchange(settings, refreshToken, context))
    if (access !== undefined) return access
    if (more === 0) throw new SecretUnknown(`${refreshTokenFile} is changed again and again; try again later`)
  }
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
  if (kept !== undefined) return kept.token
  const renew = (): Promise<AccessToken> => mustFinish(refresh(settings, context))
  return (await withLock(lockFile(refreshTokenFile), renew, signal)).token
}

/** Forgets an access token that the mail server did not take. */
export function forgetAccessToken(settings: OAuth2Settings, token: string): void {
  if (settings.kind === 'refresh') dropAccessToken(settings.refreshTokenFile, token)
}
