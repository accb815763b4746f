/** mq-auth: both ways to permission, and what becomes of the token. */
import { statSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { startCommand, type CommandResult } from '../helpers/run-command.ts'
import type { TokenReaction } from '../helpers/token-server.ts'
import { openOAuth2Site, takes, type OAuth2Site } from './oauth2-site.ts'

const CODE = {
  device_code: 'device-secret',
  user_code: 'ABCD-EFGH',
  verification_uri: 'https://login/',
  interval: 0,
}
const TOKENS = { access_token: 'access-x', refresh_token: 'refresh-new', expires_in: 3600 }

/** A site whose token server gives out a code and then answers as given. */
async function deviceSite(...answers: TokenReaction[]): Promise<OAuth2Site> {
  const site = await openOAuth2Site(takes('x'), (path, count) =>
    path === '/device' ? CODE : (answers[count - 2] ?? { error: 'authorization_pending' }),
  )
  site.configure({ ...site.account, oauth2_device_url: `${site.tokens.url}/device` })
  return site
}

describe('with a code', () => {
  it('asks until the user has typed it in, and stores the refresh token', async () => {
    const pending = { error: 'authorization_pending' }
    const site = await deviceSite(pending, pending, TOKENS)
    site.write('refresh.token.access', '{}')
    const result = await site.run('mq-auth', [])
    expect(result).toMatchObject({ code: 0, stderr: '' })
    expect(result.stdout).toMatch(/^Open https:\/\/login\/ in any browser and type in the code ABCD-EFGH\n/)
    expect(result.stdout).not.toMatch(/device-secret|refresh-new|access-x/)
    expect(site.refreshToken()).toBe('refresh-new')
    expect(statSync(`${site.tokenFile}.access`, { throwIfNoEntry: false })).toBeUndefined()
    const [first, second] = site.tokens.requests
    expect(first).toEqual({ path: '/device', client_id: 'client', scope: 'mail' })
    expect(second).toEqual({
      path: '/token',
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code: 'device-secret',
      client_id: 'client',
      client_secret: 'client-secret',
    })
    expect(site.tokens.requests).toHaveLength(4)
  })

  it.each([
    ['that hangs up', 'nothing'],
    ['that is in trouble', 503],
  ] as const)('goes on asking a server %s, and says so once', async (_, trouble) => {
    const site = await deviceSite(trouble, trouble, { error: 'authorization_pending' }, TOKENS)
    const result = await site.run('mq-auth', [])
    expect(result.code).toBe(0)
    expect(result.stderr).toMatch(
      /^mq-auth: cannot get an OAuth 2\.0 token from [^\n]*; trying again until the code expires\n$/,
    )
    expect(site.refreshToken()).toBe('refresh-new')
  })

  it('does not ask after the code has expired', async () => {
    const site = await openOAuth2Site(takes('x'), (path) =>
      path === '/device' ? { ...CODE, expires_in: 0 } : { error: 'authorization_pending' },
    )
    site.configure({ ...site.account, oauth2_device_url: `${site.tokens.url}/device` })
    const result = await site.run('mq-auth', [])
    expect(result.code).toBe(75)
    expect(result.stderr).toContain('nobody typed in the code in time')
    expect(site.refreshToken()).toBe('refresh-1')
  })

  it('shows nothing of what the server repeats of secrets', async () => {
    const site = await deviceSite({
      error: 'invalid_client',
      error_description: 'no client-secret for device-secret\u001b[2J',
    })
    const result = await site.run('mq-auth', [])
    expect(result.code).toBe(75)
    expect(result.stderr).toContain('invalid_client: no *** for ***')
    expect(result.stderr).not.toContain('\x1b')
  })

  it.each([
    [{ error: 'authorization_declined' }, 69, /no permission was given: authorization_declined/],
    [{ error: 'access_denied' }, 69, /no permission was given: access_denied/],
    [{ error: 'expired_token' }, 75, /no permission was given: expired_token/],
    [{ error: 'invalid_client', error_description: 'who?' }, 75, /invalid_client: who\?/],
    [{ access_token: 'access-x' }, 78, /no refresh token; oauth2_scope/],
  ])('that ends with %j keeps the old token', async (answer, code, why) => {
    const site = await deviceSite(answer)
    const result = await site.run('mq-auth', ['--device'])
    expect(result.code).toBe(code)
    expect(result.stderr).toMatch(why)
    expect(site.refreshToken()).toBe('refresh-1')
  })
})

describe('with a browser', () => {
  interface Asked {
    readonly page: URL
    readonly result: Promise<CommandResult>
    /** Types a line on standard input. */
    readonly type: (line: string) => void
  }

  async function ask(): Promise<Asked & { readonly site: OAuth2Site }> {
    const site = await openOAuth2Site(takes('x'), () => TOKENS)
    site.configure({ ...site.account, oauth2_authorize_url: `${site.tokens.url}/authorize?prompt=consent` })
    const { child, result } = startCommand('mq-auth', [], { config: site.config, staysOpen: true })
    const page = await new Promise<URL>((resolve) => {
      let said = ''
      child.stdout?.on('data', (chunk: Buffer) => {
        said += chunk.toString()
        const found = /^(http:\S+)\n\n/m.exec(said)?.[1]
        if (found !== undefined) resolve(new URL(found))
      })
    })
    return { site, page, result, type: (line) => void child.stdin?.write(`${line}\n`) }
  }

  const answerOf = (page: URL, answer: string): string => {
    const state = page.searchParams.get('state') ?? ''
    return `${(page.searchParams.get('redirect_uri') ?? '').replace('localhost', '127.0.0.1')}?state=${state}&${answer}`
  }

  it('waits for the browser, and exchanges the code', async () => {
    const { site, page, result } = await ask()
    expect(Object.fromEntries(page.searchParams)).toMatchObject({
      ...{ prompt: 'consent', response_type: 'code', client_id: 'client', scope: 'mail' },
      code_challenge_method: 'S256',
    })
    expect((await fetch(answerOf(page, 'code=x').replace('state=', 'state=1'))).status).toBe(404)
    expect(await (await fetch(answerOf(page, 'code=the-code'))).text()).toBe('Go back to mq-auth.\n')
    expect(await result).toMatchObject({ code: 0, stderr: '' })
    expect(site.refreshToken()).toBe('refresh-new')
    expect(site.tokens.requests).toEqual([
      expect.objectContaining({
        grant_type: 'authorization_code',
        code: 'the-code',
        redirect_uri: page.searchParams.get('redirect_uri'),
      }),
    ])
    expect(site.tokens.requests[0]?.['code_verifier']).toMatch(/^[\w-]{43}$/)
  })

  it('takes the address of the last page on standard input', async () => {
    const { site, page, result, type } = await ask()
    type('something else')
    type(answerOf(page, 'code=typed'))
    expect((await result).code).toBe(0)
    expect(site.tokens.requests[0]).toMatchObject({ code: 'typed' })
  })

  it('that denies ends with 69', async () => {
    const { site, page, result, type } = await ask()
    type(answerOf(page, 'error=access_denied'))
    expect(await result).toMatchObject({ code: 69 })
    expect(site.refreshToken()).toBe('refresh-1')
  })
})

describe('what is missing', () => {
  it('is named before anybody is asked', async () => {
    const site = await deviceSite(TOKENS)
    site.configure({ smtp_username: 'ann' })
    expect(await site.run('mq-auth', [])).toMatchObject({ code: 78, stdout: '' })
    site.configure(site.account)
    expect((await site.run('mq-auth', ['--device'])).stderr).toContain('add oauth2_device_url')
    expect((await site.run('mq-auth', [])).stderr).toContain('this provider is not known')
    site.configure({ ...site.account, oauth2_refresh_token_file: '/no/such/place/token' })
    expect(await site.run('mq-auth', [])).toMatchObject({ code: 77, stdout: '' })
    expect((await site.run('mq-auth', ['--device', '--browser'])).code).toBe(64)
    expect(site.tokens.requests).toEqual([])
  })
})
