/**
 * Gets a refresh token with a browser on this machine (RFC 8252): the provider sends it to a port of ours, with a code
 * that only who began can use (PKCE, RFC 7636). A browser on another machine ends at an address that cannot be opened
 * there; that address can be given to us on standard input instead.
 */
import { createHash, randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { MailError } from '../../errors/mail-error.ts'
import { wordsOf, type OAuth2Client, type Permission } from '../../transport/oauth2/device-flow.ts'
import { requestToken } from '../../transport/oauth2/token-request.ts'
import { SecretUnknown } from '../../transport/secrets/unknown.ts'
import type { Terminal } from '../exit.ts'

/** How long somebody has in front of the browser, in milliseconds. */
const PATIENCE = 600_000

interface Ticket {
  readonly state: string
  readonly redirect: string
}

/** The answer in an address that the provider sent the browser to; undefined when it is not ours. */
function answerIn(address: string, { state, redirect }: Ticket): URLSearchParams | undefined {
  if (!URL.canParse(address, redirect)) return undefined
  const { searchParams } = new URL(address, redirect)
  const answers = searchParams.has('code') || searchParams.has('error')
  return answers && searchParams.get('state') === state ? searchParams : undefined
}

async function listen(port: number): Promise<Server> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  }).catch((error: unknown) => {
    throw new MailError('USAGE', `port ${port} cannot be used: ${String(error)}; choose another with --port`)
  })
  return server
}

/** Waits for the browser, or for the address on standard input. */
function awaitAnswer(server: Server, ticket: Ticket): Promise<URLSearchParams | undefined> {
  return new Promise((resolve) => {
    const lines = createInterface({ input: process.stdin })
    const settle = (answer: URLSearchParams | undefined): void => {
      clearTimeout(timer)
      lines.close()
      process.stdin.pause()
      server.close()
      server.closeAllConnections()
      resolve(answer)
    }
    const timer = setTimeout(() => settle(undefined), PATIENCE)
    lines.on('line', (line) => {
      const answer = answerIn(line.trim(), ticket)
      if (answer !== undefined) settle(answer)
    })
    server.on('request', (request, response) => {
      const answer = answerIn(request.url ?? '', ticket)
      const text = answer === undefined ? 'This is not what mq-auth waits for.\n' : 'Go back to mq-auth.\n'
      const headers = { 'content-type': 'text/plain; charset=utf-8', connection: 'close' }
      response.writeHead(answer === undefined ? 404 : 200, headers).end(text, () => {
        if (answer !== undefined) settle(answer)
      })
    })
  })
}

/**
 * Asks the user for permission in a browser.
 *
 * @param authorizeUrl the page of the provider
 * @param port of this machine to listen on; 0 for any
 * @throws SecretUnknown when the provider gives no token
 */
export async function askInBrowser(
  terminal: Terminal,
  authorizeUrl: string,
  client: OAuth2Client,
  port: number,
): Promise<Permission> {
  const server = await listen(port)
  const own = (server.address() as AddressInfo).port
  const ticket = { state: randomBytes(16).toString('base64url'), redirect: `http://localhost:${own}/` }
  const verifier = randomBytes(32).toString('base64url')
  const page = new URL(authorizeUrl)
  const question = {
    response_type: 'code',
    client_id: client.clientId,
    redirect_uri: ticket.redirect,
    scope: client.scope ?? '',
    state: ticket.state,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  }
  for (const [name, value] of Object.entries(question)) page.searchParams.set(name, value)
  terminal.print(`Open this address in a browser:\n\n${page.href}\n\n`)
  terminal.print('If the browser cannot open the last page, paste the address of that page here.\n')
  const answer = await awaitAnswer(server, ticket)
  if (answer === undefined) return { kind: 'expired', why: 'nobody gave permission in time' }
  const refused = answer.get('error')
  if (refused !== null) return { kind: 'denied', why: refused }
  const reply = await requestToken(
    client.tokenUrl,
    {
      grant_type: 'authorization_code',
      code: answer.get('code') ?? '',
      redirect_uri: ticket.redirect,
      code_verifier: verifier,
      client_id: client.clientId,
      client_secret: client.clientSecret,
    },
    client.smtp,
  )
  if (!reply.ok)
    throw new SecretUnknown(`the provider gave no token (${wordsOf(reply)}); check oauth2_client_secret`)
  return { kind: 'granted', reply }
}
