/**
 * The login in the configuration: user name, where the secret comes from, and what is refused because it contradicts
 * itself. No secret is read here but the one that is written in the file.
 */
import type { AuthMethod, AuthSettings, OAuth2Settings, SmtpSettings } from './config.ts'
import { configInvalid } from './config-error.ts'
import { readGiven, readOrDefault, type GivenValues } from './given-values.ts'
import { providerOf } from './oauth2-providers.ts'
import { OPTIONS } from './options.ts'
import type { Option } from './options/option.ts'

/** Where a secret can come from. One account has one of them; a section of its own puts away those it inherits. */
export const SECRET_SOURCES: readonly Option<unknown>[] = [
  OPTIONS.password_command,
  OPTIONS.password_file,
  OPTIONS.smtp_password,
  OPTIONS.oauth2_token_command,
  OPTIONS.oauth2_refresh_token_file,
]

/** What only means something together with a refresh token. */
const OF_REFRESHING: readonly Option<unknown>[] = [
  OPTIONS.oauth2_client_id,
  OPTIONS.oauth2_client_secret,
  OPTIONS.oauth2_token_url,
  OPTIONS.oauth2_authorize_url,
  OPTIONS.oauth2_device_url,
  OPTIONS.oauth2_scope,
]

/** Ways to log in that carry a token, which may also come from where a password comes from. */
const TOKEN_METHODS: readonly AuthMethod[] = ['auto', 'off', 'xoauth2', 'oauthbearer']
const BY_CERTIFICATE: AuthMethod = 'external'
const WITHOUT_USER: readonly AuthMethod[] = ['auto', 'off', 'external']

/**
 * Puts away what another place for the secret needs, for one that is given with more right: on the command line, or in the
 * section of the account itself.
 *
 * @param into the values that were given before
 * @param name the option that is given now; any one
 * @param value its text; a certificate as the login needs no other secret
 */
export function putAwaySecrets(into: Map<string, unknown>, name: string, value: string): void {
  const byCertificate = name === OPTIONS.auth.name && value.trim() === BY_CERTIFICATE
  if (!byCertificate && !SECRET_SOURCES.some((source) => source.name === name)) return
  for (const option of [...SECRET_SOURCES, ...OF_REFRESHING]) into.delete(option.name)
}

/** The login of an account. */
export type Login = Pick<SmtpSettings, 'username' | 'password' | 'auth'>

const placeOf = (given: GivenValues, option: Option<unknown>): string =>
  given.get(option.name)?.where ?? 'configuration'

function isGiven(given: GivenValues, option: Option<unknown>): boolean {
  return readGiven(given, option) !== undefined || given.get(option.name)?.missing !== undefined
}

/** The one source that is configured. */
function sourceOf(given: GivenValues): Option<unknown> | undefined {
  const [source, other] = SECRET_SOURCES.filter((option) => isGiven(given, option))
  if (source !== undefined && other !== undefined) {
    const sentence = `${other.name} is set, and so is ${source.name} (${placeOf(given, source)})`
    throw configInvalid(placeOf(given, other), `${sentence}; an account has one of them, so remove the other`)
  }
  return source
}

function needed<T>(given: GivenValues, option: Option<T>, preset?: T): T {
  const value = readGiven(given, option) ?? preset
  if (value !== undefined) return value
  const file = OPTIONS.oauth2_refresh_token_file
  throw configInvalid(placeOf(given, file), `${file.name} is set but ${option.name} is not; add it`)
}

function oauth2Settings(given: GivenValues, host: string): OAuth2Settings | undefined {
  const command = readGiven(given, OPTIONS.oauth2_token_command)
  const refreshTokenFile = readGiven(given, OPTIONS.oauth2_refresh_token_file)
  const lonely = OF_REFRESHING.find((option) => isGiven(given, option))
  if (refreshTokenFile === undefined && lonely !== undefined) {
    const sentence = `${lonely.name} is set but oauth2_refresh_token_file is not; add it, or remove ${lonely.name}`
    throw configInvalid(placeOf(given, lonely), sentence)
  }
  if (command !== undefined) return Object.freeze({ kind: 'command', command })
  if (refreshTokenFile === undefined) return undefined
  const provider = providerOf(host)
  return Object.freeze({
    kind: 'refresh',
    refreshTokenFile,
    clientId: needed(given, OPTIONS.oauth2_client_id),
    clientSecret: readGiven(given, OPTIONS.oauth2_client_secret),
    tokenUrl: needed(given, OPTIONS.oauth2_token_url, provider?.tokenUrl),
    authorizeUrl: readGiven(given, OPTIONS.oauth2_authorize_url) ?? provider?.authorizeUrl,
    deviceUrl: readGiven(given, OPTIONS.oauth2_device_url) ?? provider?.deviceUrl,
    scope: readGiven(given, OPTIONS.oauth2_scope) ?? provider?.scope,
  })
}

function refuseContradictions(given: GivenValues, login: Login, source: Option<unknown> | undefined): void {
  const { username, auth } = login
  const where = placeOf(given, OPTIONS.auth)
  if (username === undefined && source !== undefined) {
    const sentence = `${source.name} is set but smtp_username is not; set both or neither`
    throw configInvalid(placeOf(given, source), sentence)
  }
  if (username === undefined && !WITHOUT_USER.includes(auth.method)) {
    throw configInvalid(where, `auth = ${auth.method} needs a user name; add smtp_username`)
  }
  if (auth.method === BY_CERTIFICATE && source !== undefined) {
    const sentence = `auth = external logs in with tls_cert, so ${source.name} (${placeOf(given, source)}) has no use`
    throw configInvalid(where, `${sentence}; remove one of them`)
  }
  if (auth.oauth2 !== undefined && !TOKEN_METHODS.includes(auth.method)) {
    const remedy = `write auth = auto, or remove ${source?.name ?? 'the token'}`
    throw configInvalid(where, `auth = ${auth.method} cannot use an OAuth 2.0 token; ${remedy}`)
  }
}

/**
 * Reads the options of the login.
 *
 * @param host the server, by which providers of OAuth 2.0 are recognized
 * @param credentialsOf the accounts that have this login: the account itself, and those it inherits it from
 * @throws MailError CONFIG_INVALID for a value or combination that is not valid
 */
export function loginSettings(given: GivenValues, host: string, credentialsOf: readonly string[]): Login {
  const source = sourceOf(given)
  const auth: AuthSettings = Object.freeze({
    method: readOrDefault(given, OPTIONS.auth),
    credentialsOf,
    passwordCommand: readGiven(given, OPTIONS.password_command),
    passwordFile: readGiven(given, OPTIONS.password_file),
    passwordMissing:
      given.get(OPTIONS.smtp_password.name)?.missing ?? given.get(OPTIONS.oauth2_client_secret.name)?.missing,
    oauth2: oauth2Settings(given, host),
  })
  const login: Login = {
    username: readGiven(given, OPTIONS.smtp_username),
    password: auth.passwordMissing === undefined ? readGiven(given, OPTIONS.smtp_password) : undefined,
    auth,
  }
  refuseContradictions(given, login, source)
  return login
}

/** Whether there is anything to log in with, so that the connection has to be protected. */
export function logsIn({ username, auth }: Login): boolean {
  return auth.method !== 'off' && (username !== undefined || auth.method === BY_CERTIFICATE)
}
