/**
 * The secret of an account: found when somebody wants to log in, kept for this process, and looked for again after the
 * server has refused it. The sources are a table in the order in which they count; docs/authentication.md shows it.
 */
import { join } from 'node:path'
import { statSync } from 'node:fs'
import { DEFAULT_ACCOUNT } from '../../config/account-name.ts'
import type { SmtpSettings } from '../../config/config.ts'
import { hasControl } from '../../util/control-characters.ts'
import { passwordFromNetrc } from './netrc.ts'
import { firstLineOf } from './file.ts'
import { secretOfProgram } from './program.ts'
import { SecretUnknown } from './unknown.ts'
import type { Secrets } from './secrets.ts'
import { shareWork, type SharedWork } from '../shared-work.ts'

/** What a source needs to know. */
interface SourceContext {
  readonly settings: SmtpSettings
  readonly user: string
  /** Takes what must never be shown. */
  readonly secrets: Secrets
  /** Ends the search. */
  readonly signal: AbortSignal
}

/** A place where a secret may be. */
export interface SecretSource {
  readonly name: string
  /** In one sentence, for the documentation. */
  readonly doc: string
  /**
   * @returns undefined when nothing is configured or there
   * @throws SecretUnknown when it should be there and cannot be told
   */
  find(context: SourceContext): Promise<string | undefined> | string | undefined
}

/** The file of the first credential that systemd has handed over (systemd.exec(5)). */
function systemdCredential(accounts: readonly string[]): string | undefined {
  const directory = process.env['CREDENTIALS_DIRECTORY']
  if (directory === undefined || directory === '') return undefined
  return accounts
    .map((account) => (account === DEFAULT_ACCOUNT ? 'smtp_password' : `smtp_password.${account}`))
    .map((name) => join(directory, name))
    .find((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true)
}

/** The sources, first come first. */
export const SECRET_SOURCES: readonly SecretSource[] = [
  {
    name: 'password_command',
    doc: 'The first line that a program prints.',
    find: ({ settings: { auth }, signal }) =>
      auth.passwordCommand && secretOfProgram(auth.passwordCommand, 'password_command', signal),
  },
  {
    name: 'password_file',
    doc: 'The first line of a file.',
    find: ({ settings: { auth } }) => auth.passwordFile && firstLineOf(auth.passwordFile, 'password_file'),
  },
  {
    name: 'systemd',
    doc: 'The credential smtp_password.NAME of the unit for the account NAME, smtp_password for the account default.',
    find: ({ settings: { auth } }) => {
      const path = systemdCredential(auth.credentialsOf)
      return path && firstLineOf(path, 'the systemd credential')
    },
  },
  {
    name: 'smtp_password',
    doc: 'The configuration itself; ${NAME} in it is an environment variable.',
    find: ({ settings: { auth, password } }) => {
      if (auth.passwordMissing !== undefined) throw new SecretUnknown(auth.passwordMissing)
      return password
    },
  },
  {
    name: '~/.netrc',
    doc: 'The entry for the server and the user, when nothing else is there.',
    find: ({ settings: { host }, user }) => passwordFromNetrc(host, user),
  },
]

async function findSecret(context: SourceContext): Promise<string> {
  const { settings, secrets, signal } = context
  if (settings.auth.oauth2 !== undefined) {
    const { accessToken } = await import('../oauth2/access-token.ts')
    return accessToken(settings.auth.oauth2, { smtp: settings, secrets, signal })
  }
  for (const source of SECRET_SOURCES) {
    const found = await source.find(context)
    if (found !== undefined) return found
  }
  const user = `the user ${context.user} at ${settings.host}`
  throw new SecretUnknown(`there is no password for ${user}; set password_file or password_command`)
}

/** The secret of one account. */
export class Credentials {
  /** Everything secret that this account has used. */
  readonly secrets: Secrets
  readonly #settings: SmtpSettings
  #known: SharedWork<string> | undefined

  constructor(settings: SmtpSettings, secrets: Secrets) {
    this.#settings = settings
    this.secrets = secrets
    const { password, auth, proxy } = settings
    if (password !== undefined) secrets.add(password)
    if (auth.oauth2?.kind === 'refresh') secrets.add(auth.oauth2.clientSecret ?? '')
    if (proxy?.password !== undefined) {
      secrets.add(proxy.password)
      secrets.add(`${proxy.username ?? ''}:${proxy.password}`)
    }
  }

  /**
   * The password, or the access token.
   *
   * @param signal gives up, for this caller alone
   * @throws SecretUnknown, or an Error that says why the caller gave up
   */
  secret(signal?: AbortSignal): Promise<string> {
    if (this.#known?.lost !== false) this.#known = shareWork((end) => this.#find(end), 'the password')
    return this.#known.wait(signal)
  }

  async #find(signal: AbortSignal): Promise<string> {
    const { secrets } = this
    const user = this.#settings.username ?? ''
    const secret = await findSecret({ settings: this.#settings, user, secrets, signal })
    if (hasControl(secret)) throw new SecretUnknown('the password has a control character, so it is none')
    secrets.add(secret)
    return secret
  }

  /**
   * The server has refused a secret: the next one who asks gets a new one.
   *
   * @param secret the refused one; another connection may have got a new one already
   * @returns true when trying again at once makes sense, because the new one is another one
   */
  async refused(secret: string): Promise<boolean> {
    const { oauth2 } = this.#settings.auth
    if (this.#known?.value === secret) {
      this.#known = undefined
      if (oauth2 !== undefined)
        await import('../oauth2/access-token.ts').then((m) => m.forgetAccessToken(oauth2, secret))
    }
    return oauth2 !== undefined
  }
}
