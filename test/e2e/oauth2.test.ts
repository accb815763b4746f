/** Logging in with OAuth 2.0: tokens are fetched, kept, renewed and never shown. */
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { M0 } from '../helpers/mail-site.ts'
import { startCommand } from '../helpers/run-command.ts'
import type { TokenAnswer } from '../helpers/token-server.ts'
import { loginWith, openOAuth2Site, takes, type OAuth2Site } from './oauth2-site.ts'

const send = (site: OAuth2Site, ...options: string[]) =>
  site.run('mq-sendmail', [...options, '-f', 'a@s.ex', 'one@d.ex'], { stdin: M0 })
const logins = ({ server }: OAuth2Site): string[] => server.commands.filter((line) => line.startsWith('AUTH'))
/** Waits until there is a message in the queue. */
async function untilQueued(site: OAuth2Site): Promise<void> {
  const isThere = (folder: string): boolean => {
    const path = join(site.queueDir, folder)
    return existsSync(path) && readdirSync(path).length > 0
  }
  while (!isThere('new') && !isThere('cur')) await setImmediate()
}
const fresh = (count: number) => ({ access_token: `access-${count}`, expires_in: 3600 })

describe('an access token', () => {
  it('is fetched with the refresh token and kept for the next process', async () => {
    const site = await openOAuth2Site(takes('access-1'), (_, count) => fresh(count))
    expect(await send(site)).toMatchObject({ code: 0, stderr: '' })
    expect(await send(site)).toMatchObject({ code: 0, stderr: '' })
    expect(site.tokens.requests).toEqual([
      {
        path: '/token',
        grant_type: 'refresh_token',
        refresh_token: 'refresh-1',
        client_id: 'client',
        client_secret: 'client-secret',
      },
    ])
    expect(logins(site)).toEqual([loginWith('access-1'), loginWith('access-1')])
    expect(statSync(`${site.tokenFile}.access`).mode & 0o777).toBe(0o600)
    expect(site.received).toHaveLength(2)
    expect(existsSync(`${site.tokenFile}.lock`)).toBe(false)
  })

  it('that the server does not take is replaced once, on the same connection', async () => {
    const site = await openOAuth2Site(takes('access-2'), (_, count) => fresh(count))
    expect(await send(site)).toMatchObject({ code: 0, stderr: '' })
    expect(logins(site)).toEqual([loginWith('access-1'), loginWith('access-2')])
    expect(site.server.connections).toBe(1)
    expect(site.received).toHaveLength(1)
  })

  it('that the server never takes leaves the mail in the queue, with its reason', async () => {
    const site = await openOAuth2Site(takes('other'), (_, count) => fresh(count))
    const result = await send(site, '-v')
    expect(result.code).toBe(0)
    expect(result.stderr).toContain('535 5.7.8 bad token (status 401, scope https://mail/)')
    expect(logins(site)).toHaveLength(2)
    expect(site.queue()).toHaveLength(1)
  })

  it('of a refresh token that was exchanged is not used', async () => {
    const site = await openOAuth2Site(takes('access-2'), (_, count) => fresh(count))
    await send(site)
    site.write('refresh.token', 'refresh-9\n')
    await send(site)
    expect(site.tokens.requests.at(-1)).toMatchObject({ refresh_token: 'refresh-9' })
  })

  it('can come from a program', async () => {
    const site = await openOAuth2Site(takes('tok-5'), (_, count) => fresh(count))
    const { smtp_username: user, tls, insecure_auth: insecure } = site.account
    const account = { smtp_username: user, tls, insecure_auth: insecure }
    site.configure({ ...account, oauth2_token_command: 'echo tok-5' })
    expect(await send(site)).toMatchObject({ code: 0, stderr: '' })
    site.configure({ ...account, auth: 'xoauth2', password_command: 'echo tok-5' })
    expect(await send(site)).toMatchObject({ code: 0, stderr: '' })
    expect(site.tokens.requests).toEqual([])
    expect(site.received).toHaveLength(2)
  })
})

describe('a refresh token', () => {
  it('that the provider replaces is stored', async () => {
    const site = await openOAuth2Site(takes('access-1'), (_, count) => ({
      ...fresh(count),
      refresh_token: `refresh-${count + 1}`,
    }))
    expect(await send(site)).toMatchObject({ code: 0, stderr: '' })
    expect(site.refreshToken()).toBe('refresh-2')
    expect(await send(site)).toMatchObject({ code: 0, stderr: '' })
    expect(site.tokens.requests).toHaveLength(1)
  })

  it('is used by one process at a time', async () => {
    const site = await openOAuth2Site(takes('access-1'), (_, count) => ({
      ...fresh(count),
      refresh_token: `refresh-${count + 1}`,
    }))
    const results = await Promise.all([send(site), send(site), send(site), send(site)])
    expect(results.map(({ code, stderr }) => ({ code, stderr }))).toEqual(
      results.map(() => ({ code: 0, stderr: '' })),
    )
    expect(site.tokens.requests).toHaveLength(1)
    expect(site.received).toHaveLength(4)
    expect(site.queue()).toEqual([])
  })

  it('that somebody else has exchanged meanwhile is read again', async () => {
    const site: OAuth2Site = await openOAuth2Site(takes('access-2'), (_, count) => {
      if (count > 1) return fresh(count)
      site.write('refresh.token', 'refresh-2\n')
      return { error: 'invalid_grant' }
    })
    expect(await send(site)).toMatchObject({ code: 0, stderr: '' })
    expect(site.tokens.requests.map(({ refresh_token: token }) => token)).toEqual(['refresh-1', 'refresh-2'])
    expect(site.received).toHaveLength(1)
    expect(site.queue()).toEqual([])
  })

  it('is exchanged to the end, also when the caller has no more patience', async () => {
    let asked: () => void = () => undefined
    let answer: (fields: TokenAnswer) => void = () => undefined
    const isAsked = new Promise<void>((resolve) => (asked = resolve))
    const site = await openOAuth2Site(takes('access-1'), () => {
      asked()
      return new Promise<TokenAnswer>((resolve) => (answer = resolve))
    })
    site.configure({ ...site.account, submit_timeout: '6' })
    const sending = startCommand('mq-sendmail', ['-f', 'a@s.ex', 'one@d.ex'], {
      config: site.config,
      stdin: M0,
    })
    await isAsked
    await untilQueued(site)
    answer({ ...fresh(1), refresh_token: 'refresh-2' })
    expect(await sending.result).toMatchObject({ code: 0 })
    expect(site.refreshToken()).toBe('refresh-2')
    expect(readdirSync(site.directory).filter((name) => /tmp|lock/.test(name))).toEqual([])
    expect(site.queue()).toHaveLength(1)
  })

  it.each([
    [
      'is no longer good',
      { error: 'invalid_grant', error_description: 'gone' },
      /invalid_grant: gone\); the refresh token is no longer good; run mq-auth again/,
    ],
    ['is for another application', { error: 'invalid_client' }, /check oauth2_client_id/],
    ['meets a server that hangs up', 'nothing', /cannot get an OAuth 2\.0 token from 127\.0\.0\.1:\d+: /],
  ] as const)('that %s is a fault of the set-up', async (_, answer, why) => {
    const site = await openOAuth2Site(takes('x'), () => answer)
    const result = await send(site)
    expect(result.code).toBe(0)
    expect(result.stderr).toMatch(why)
    expect(site.queue()).toHaveLength(1)
    expect(logins(site)).toEqual([])
    expect((await site.run('mq-send-test', ['--to=one@d.ex'])).code).toBe(78)
  })

  it('that is not there is one too', async () => {
    const site = await openOAuth2Site(takes('x'), (_, count) => fresh(count))
    rmSync(site.tokenFile)
    expect((await send(site)).stderr).toMatch(/cannot read oauth2_refresh_token_file/)
    expect(site.queue()).toHaveLength(1)
  })
})

it('no token is shown, whatever the servers repeat', async () => {
  const site = await openOAuth2Site(
    {
      extensions: ['AUTH XOAUTH2'],
      auth: ({ line }) => `334 ${Buffer.from(`no ${line} access-one`).toString('base64')}`,
      other: () => '535 5.7.8 access-one refresh-1 client-secret',
    },
    (_, count) =>
      count === 1
        ? { access_token: 'access-one', expires_in: 3600 }
        : { error: 'invalid_grant', error_description: 'refresh-1 client-secret' },
  )
  const log = `${site.directory}/log`
  site.configure({ ...site.account, log, log_level: 'debug' })
  const said = [
    await send(site, '-v'),
    await site.run('mq-run', ['-v', '--all']),
    await send(site, '--print-config'),
  ]
  expect(said.map(({ code }) => code)).toEqual([0, 75, 0])
  const everything = said.map(({ stdout, stderr }) => stdout + stderr).join('') + readFileSync(log, 'utf8')
  expect(everything).toContain('invalid_grant')
  for (const secret of ['access-one', 'refresh-1', 'client-secret', loginWith('access-one').slice(13)]) {
    expect(everything).not.toContain(secret)
  }
})
