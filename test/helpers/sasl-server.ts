/**
 * An SMTP server for tests that speaks TLS from the first byte and knows SCRAM, with and without channel binding, as RFC
 * 5802 describes the side of the server; what it does wrong is chosen by the test. It takes every message.
 */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls'
import { X509Certificate } from 'node:crypto'

/** What the server offers, and does wrong. */
export interface SaslServerOptions extends TlsOptions {
  readonly cert: string
  readonly mechanisms: readonly string[]
  readonly password: string
  readonly rounds?: number
  /** Signs with another password. */
  readonly lies?: boolean
  /** Says 235 at once, without proving anything. */
  readonly credulous?: boolean
  /** Knows this kind of channel binding only. */
  readonly onlyBinding?: string
  /** Offers -PLUS to itself only: somebody on the way took it out of the reply to EHLO. */
  readonly stripped?: boolean
}

/** A running server. */
export interface SaslServer {
  readonly port: number
  /** What came, in order, SASL data decoded. */
  readonly heard: readonly string[]
  readonly delivered: number
  close(): Promise<void>
}

interface Exchange {
  readonly hash: 'sha1' | 'sha256'
  readonly header: string
  readonly bare: string
  readonly first: string
}

const base64 = (text: string | Buffer): string => Buffer.from(text).toString('base64')
const SALT = Buffer.from('a salt of the test')

function bindingData(socket: TLSSocket, type: string, cert: string): Buffer {
  if (type === 'tls-exporter') {
    return socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
  }
  return createHash('sha256').update(new X509Certificate(cert).raw).digest()
}

class Session {
  readonly #socket: TLSSocket
  readonly #options: SaslServerOptions
  readonly #heard: string[]
  readonly #delivered: () => void
  #exchange: Exchange | undefined
  #proven = false
  #inBody = false

  constructor(socket: TLSSocket, options: SaslServerOptions, heard: string[], delivered: () => void) {
    this.#socket = socket
    this.#options = options
    this.#heard = heard
    this.#delivered = delivered
    let pending = ''
    socket.on('error', () => socket.destroy())
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => {
      const lines = (pending + text).split('\r\n')
      pending = lines.pop() ?? ''
      for (const line of lines) this.#line(line)
    })
    this.#say('220 sasl')
  }

  #say(line: string): void {
    if (this.#socket.writable) this.#socket.write(`${line}\r\n`)
  }

  #line(line: string): void {
    if (this.#inBody) {
      if (line !== '.') return
      this.#inBody = false
      this.#delivered()
      this.#say('250 2.0.0 Ok: queued as S1')
    } else if (this.#proven) {
      this.#proven = false
      this.#say('235 2.7.0 welcome')
    } else if (this.#exchange !== undefined) this.#prove(line, this.#exchange)
    else if (line.startsWith('AUTH ')) this.#auth(line)
    else this.#command(line)
  }

  #command(line: string): void {
    this.#heard.push(line.split(' ')[0] ?? '')
    if (line.startsWith('EHLO')) {
      const offered = this.#options.mechanisms.filter(
        (name) => this.#options.stripped !== true || !name.endsWith('-PLUS'),
      )
      this.#say(`250-sasl\r\n250 AUTH ${offered.join(' ')}`)
    } else if (line === 'DATA') {
      this.#inBody = true
      this.#say('354 go on')
    } else this.#say(line === 'QUIT' ? '221 bye' : '250 ok')
  }

  #auth(line: string): void {
    const [, name = '', data = ''] = line.split(' ')
    const message = Buffer.from(data, 'base64').toString()
    this.#heard.push(`AUTH ${name} ${message}`)
    const [, header = '', bare = ''] = /^([^,]*,[^,]*,)(.*)$/.exec(message) ?? []
    const plus = name.endsWith('-PLUS')
    const offersPlus = this.#options.mechanisms.includes(`${name}-PLUS`)
    const type = /^p=([^,]*)/.exec(header)?.[1]
    if (!name.startsWith('SCRAM-') || plus !== (type !== undefined)) this.#say('504 5.5.4 unknown mechanism')
    else if (header.startsWith('y') && offersPlus) this.#say('535 5.7.8 server-does-support-channel-binding')
    else if (
      this.#options.onlyBinding !== undefined &&
      type !== undefined &&
      type !== this.#options.onlyBinding
    ) {
      this.#awaitCancel(`334 ${base64('e=unsupported-channel-binding-type')}`)
    } else if (this.#options.credulous === true) this.#say('235 2.7.0 whoever you are')
    else {
      const nonce = /r=([^,]*)/.exec(bare)?.[1] ?? ''
      const first = `r=${nonce}server,s=${base64(SALT)},i=${this.#options.rounds ?? 4096}`
      this.#exchange = { hash: name.includes('256') ? 'sha256' : 'sha1', header, bare, first }
      this.#say(`334 ${base64(first)}`)
    }
  }

  #awaitCancel(challenge: string): void {
    this.#exchange = { hash: 'sha1', header: '', bare: '', first: '' }
    this.#say(challenge)
  }

  #prove(line: string, { hash, header, bare, first }: Exchange): void {
    this.#exchange = undefined
    if (line === '*') {
      this.#heard.push('*')
      this.#say('501 5.7.0 cancelled')
      return
    }
    const message = Buffer.from(line, 'base64').toString()
    const [, channel = '', rest = '', proof = ''] = /^c=([^,]*)(,.*),p=(.*)$/.exec(message) ?? []
    const { cert, password, lies } = this.#options
    const type = /^p=([^,]*)/.exec(header)?.[1]
    const bound = type === undefined ? Buffer.alloc(0) : bindingData(this.#socket, type, cert)
    const right = base64(Buffer.concat([Buffer.from(header), bound])) === channel
    const exchange = `${bare},${first},c=${channel}${rest}`
    const hmac = (key: Buffer, text: string): Buffer => createHmac(hash, key).update(text).digest()
    const keyOf = (secret: string): Buffer =>
      pbkdf2Sync(secret, SALT, this.#options.rounds ?? 4096, hash === 'sha256' ? 32 : 20, hash)
    const clientKey = hmac(keyOf(password), 'Client Key')
    const signature = hmac(createHash(hash).update(clientKey).digest(), exchange)
    const expected = base64(Buffer.from(clientKey.map((octet, at) => octet ^ (signature[at] ?? 0))))
    if (!right || proof !== expected) {
      this.#say('535 5.7.8 authentication failed')
      return
    }
    const serverKey = hmac(keyOf(lies === true ? 'something else' : password), 'Server Key')
    this.#proven = lies !== true
    if (lies === true) this.#exchange = { hash, header, bare, first }
    this.#say(`334 ${base64(`v=${base64(hmac(serverKey, exchange))}`)}`)
  }
}

/** Starts a server on a free port of 127.0.0.1. */
export async function startSaslServer(options: SaslServerOptions): Promise<SaslServer> {
  const heard: string[] = []
  const sockets = new Set<TLSSocket>()
  let delivered = 0
  const server = createServer(options, (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    new Session(socket, options, heard, () => delivered++)
  })
  server.on('tlsClientError', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return {
    port: address.port,
    heard,
    get delivered() {
      return delivered
    },
    close: () => {
      for (const socket of sockets) socket.destroy()
      return new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
