/** A site whose account logs in with OAuth 2.0: a scripted smarthost that takes one token, and a token server. */
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { openSite, type MailSite, type Settings } from '../helpers/mail-site.ts'
import type { Script } from '../helpers/scripted-server.ts'
import { startTokenServer, type TokenReaction, type TokenServer } from '../helpers/token-server.ts'

/** The site, its token server and its files. */
export interface OAuth2Site extends MailSite {
  readonly tokens: TokenServer
  readonly tokenFile: string
  /** The settings of the account. */
  readonly account: Settings
  /** The text of the file with the refresh token, and whether only its owner may read it. */
  refreshToken(): string
}

/** The data of a login with a token, as the smarthost sees it. */
export const loginWith = (token: string): string =>
  `AUTH XOAUTH2 ${Buffer.from(`user=ann\x01auth=Bearer ${token}\x01\x01`).toString('base64')}`

const REFUSAL = Buffer.from('{"status":"401","scope":"https://mail/"}').toString('base64')

/** A smarthost that takes one token only. */
export function takes(token: string): Script {
  return {
    extensions: ['AUTH PLAIN XOAUTH2'],
    auth: ({ line }) => (line === loginWith(token) ? '235 2.7.0 ok' : `334 ${REFUSAL}`),
    other: ({ line }) => (line === '' ? '535 5.7.8 bad token' : undefined),
  }
}

/**
 * Opens a site.
 *
 * @param script what the smarthost does
 * @param answer what the token server answers
 */
export async function openOAuth2Site(
  script: Script,
  answer: (path: string, count: number) => TokenReaction | Promise<TokenReaction>,
): Promise<OAuth2Site> {
  const tokens = await startTokenServer(answer)
  const site = await openSite({}, script)
  onTestFinished(() => tokens.close())
  const tokenFile = join(site.directory, 'refresh.token')
  const account: Settings = {
    ...{ smtp_username: 'ann', tls: 'off', insecure_auth: 'yes' },
    ...{ oauth2_client_id: 'client', oauth2_client_secret: 'client-secret', oauth2_scope: 'mail' },
    oauth2_refresh_token_file: tokenFile,
    oauth2_token_url: `${tokens.url}/token`,
  }
  site.configure(account)
  writeFileSync(tokenFile, 'refresh-1\n', { mode: 0o600 })
  return {
    ...site,
    get received() {
      return site.received
    },
    tokens,
    tokenFile,
    account,
    refreshToken: () => {
      const mode = (statSync(tokenFile).mode & 0o777).toString(8)
      return mode === '600' ? readFileSync(tokenFile, 'utf8').trim() : `mode ${mode}`
    },
  }
}
