/**
 * An SMTP server for tests that does what its script says: any reply, no reply, a late reply, garbage, a cut
 * connection, at any step and at any byte of a message. It listens on 127.0.0.1 and records every transaction
 * byte by byte.
 */
import { createServer, type Socket } from 'node:net'
import { createServer as createTlsServer, TLSSocket } from 'node:tls'
import {
  breaksOff,
  DROP,
  replyOf,
  writeBytewise,
  type Reaction,
  type TlsServerOptions,
} from './server-reactions.ts'
import { noteReply, type RecordedTransaction, type Records, type Refusal } from './server-records.ts'

export { DROP, RESET, STALL, type Reaction } from './server-reactions.ts'
export type { RecordedTransaction } from './server-records.ts'

/** The steps of a session. */
export type Step =
  | 'banner'
  | 'ehlo'
  | 'helo'
  | 'starttls'
  | 'auth'
  | 'mail'
  | 'rcpt'
  | 'data'
  | 'dot'
  | 'rset'
  | 'quit'
  | 'other'

/** Where the session stands when a reaction is chosen. */
export interface StepContext {
  /** The command line; empty for the greeting and the final dot. */
  readonly line: string
  /** Address of MAIL or RCPT; at the final dot of an LMTP session, the recipient the reply is for. */
  readonly address: string
  /** Number of the connection and of the transaction on this server, from 1. */
  readonly connection: number
  readonly transaction: number
}

/**
 * What happens once this many bytes of a message have come. A 4xx or 5xx is the reply to the whole message: the
 * rest of it is read and not answered. After anything else that leaves the connection open the message goes on.
 */
export interface BodyFault {
  readonly after: number
  readonly reaction: Reaction
}

/** A fixed reaction, or one chosen by what has happened; undefined means the usual one. */
export type Script = {
  readonly [step in Step]?: Reaction | ((context: StepContext) => Reaction | undefined)
} & {
  readonly body?: BodyFault | ((context: StepContext) => BodyFault | undefined)
  /** Key, certificate and more for the handshake after a positive reply to STARTTLS. */
  readonly tls?: TlsServerOptions
  /** Speaks TLS from the first byte; of a script for all connections. */
  readonly implicitTls?: boolean
  /** Instead of the handshake, when its first bytes have come. */
  readonly handshake?: Reaction
  /** Lines of the EHLO reply after the first. */
  readonly extensions?: readonly string[]
  /** Cuts the connection when this many bytes of a message have come. */
  readonly cutBodyAfter?: number
  /** Takes nothing from the network after DATA. */
  readonly stopReading?: boolean
}

/** A running server. */
export interface ScriptedServer {
  readonly port: number
  readonly transactions: readonly RecordedTransaction[]
  /** Every command line of every connection, in order. */
  readonly commands: readonly string[]
  /** Every refusal of a sender, a recipient or a message, in order. */
  readonly refusals: readonly Refusal[]
  /** Connections so far. */
  readonly connections: number
  /** Connections open at this moment, and the most there ever were at the same time. */
  readonly openConnections: number
  readonly mostConnections: number
  /** Ends all connections and the server. */
  close(): Promise<void>
}

const USUAL: Readonly<Record<Step, string>> = {
  banner: '220 scripted ESMTP',
  ehlo: '',
  helo: '250 scripted',
  starttls: '502 5.5.1 not here',
  auth: '535 5.7.8 no',
  mail: '250 2.1.0 sender ok',
  rcpt: '250 2.1.5 recipient ok',
  data: '354 go on',
  dot: '250 2.0.0 Ok: queued as TEST1',
  rset: '250 2.0.0 reset',
  quit: '221 2.0.0 bye',
  other: '500 5.5.2 unknown',
}

const STEPS: Readonly<Record<string, Step>> = {
  EHLO: 'ehlo',
  LHLO: 'ehlo',
  HELO: 'helo',
  STARTTLS: 'starttls',
  AUTH: 'auth',
  MAIL: 'mail',
  RCPT: 'rcpt',
  DATA: 'data',
  RSET: 'rset',
  QUIT: 'quit',
}

class Session {
  #socket: Socket
  readonly #script: Script
  readonly #server: Records
  readonly #number: number
  #pending = ''
  #current: RecordedTransaction | undefined
  #body: string[] | undefined
  #bodySize = 0
  #bodyFault: BodyFault | undefined
  /** The message was answered before it was complete. */
  #answered = false
  #stalled = false
  /** LHLO was said: after the dot comes a reply for each recipient. */
  #lmtp = false
  /** What came while a reply is not sent yet: replies keep their order. */
  #held: string | undefined
  #handshake: Reaction | undefined

  constructor(socket: Socket, script: Script, server: Records, number: number) {
    this.#socket = socket
    this.#script = script
    this.#server = server
    this.#number = number
    this.#listen(socket)
    this.#react('banner', '')
  }

  #listen(socket: Socket): void {
    socket.setEncoding('latin1')
    socket.setNoDelay(true)
    socket.on('error', () => socket.destroy())
    socket.on('data', (text: string) => this.#read(text))
  }

  #startTls(): void {
    const { tls, handshake } = this.#script
    this.#pending = ''
    this.#handshake = handshake
    if (handshake !== undefined || tls === undefined) return
    this.#socket.removeAllListeners('data')
    this.#socket = new TLSSocket(this.#socket, { isServer: true, ...tls })
    this.#listen(this.#socket)
  }

  #read(text: string): void {
    if (this.#handshake !== undefined) {
      this.#perform(this.#handshake, 'other')
      this.#handshake = undefined
      return
    }
    let rest = (this.#held ?? '') + text
    while (rest !== '' && this.#held === undefined && !this.#socket.destroyed && !this.#stalled) {
      rest = this.#body === undefined ? this.#readCommand(rest) : this.#readBody(this.#body, rest)
    }
    if (this.#held !== undefined) this.#held = rest
  }

  #readCommand(text: string): string {
    const all = this.#pending + text
    const end = all.indexOf('\r\n')
    if (end === -1) {
      this.#pending = all
      return ''
    }
    this.#pending = ''
    this.#command(all.slice(0, end))
    return all.slice(end + 2)
  }

  #command(line: string): void {
    this.#server.commands.push(line)
    const step = STEPS[line.slice(0, 8).split(/[ :]/)[0]?.toUpperCase() ?? ''] ?? 'other'
    if (/^LHLO/i.test(line)) this.#lmtp = true
    const address = /<(.*)>/.exec(line)?.[1] ?? ''
    const accepted = this.#react(step, line, address)
    if (step === 'rset') this.#current = undefined
    if (!accepted) return
    if (step === 'mail') this.#begin(address, line)
    if (step === 'rcpt') this.#current?.rcptTo.push(address)
    if (step === 'starttls') this.#startTls()
    if (step !== 'data') return
    this.#body = ['\r\n']
    this.#bodySize = 0
    this.#answered = false
    this.#bodyFault = this.#chooseBodyFault()
    if (this.#script.stopReading === true) this.#socket.pause()
  }

  #begin(mailFrom: string, line: string): void {
    const params = line.slice(line.indexOf('>') + 1).trim()
    const connection = this.#number
    const nothing = {
      rcptTo: [],
      data: Buffer.alloc(0),
      dotReceived: false,
      accepted: false,
      reply: '',
      dotAt: 0,
    }
    this.#current = { connection, mailFrom, params, startedAt: Date.now(), ...nothing }
    this.#server.transactions.push(this.#current)
  }

  #chooseBodyFault(): BodyFault | undefined {
    const { body, cutBodyAfter } = this.#script
    if (cutBodyAfter !== undefined) return { after: cutBodyAfter, reaction: DROP }
    return typeof body === 'function' ? body(this.#context('', '')) : body
  }

  /** The parts of the body begin with a CRLF of their own, so that the end is always CRLF dot CRLF. */
  #readBody(body: string[], text: string): string {
    const before = body.slice(-5).join('').slice(-4)
    const end = (before + text).indexOf('\r\n.\r\n')
    const taken = end === -1 ? text : text.slice(0, end + 5 - before.length)
    body.push(taken)
    this.#bodySize += taken.length
    if (this.#bodySize >= (this.#bodyFault?.after ?? Infinity) && this.#disturb(body)) return ''
    if (end === -1) return ''
    this.#body = undefined
    const whole = body.join('')
    this.#record(whole.slice(2, -3).replaceAll('\r\n.', '\r\n').replace(/^\./, ''), true)
    if (!this.#answered) {
      if (this.#lmtp) this.#answerEach()
      else this.#react('dot', '')
    }
    this.#current = undefined
    return text.slice(taken.length)
  }

  #answerEach(): void {
    for (const recipient of this.#current?.rcptTo ?? []) {
      if (!this.#stalled && this.#socket.writable) this.#react('dot', '', recipient)
    }
  }

  /** The fault in the middle of a message. True when no more of it is read. */
  #disturb(body: readonly string[]): boolean {
    const reaction = this.#bodyFault?.reaction ?? ''
    this.#bodyFault = undefined
    this.#record(body.join('').slice(2), false)
    this.#answered = /^[45]/.test(replyOf(reaction))
    this.#perform(reaction, 'data')
    // What came with the same packet is not seen by a server that gives up here.
    return breaksOff(reaction)
  }

  #record(text: string, dotReceived: boolean): void {
    if (this.#current === undefined) return
    this.#current.data = Buffer.from(text, 'latin1')
    this.#current.dotReceived = dotReceived
    if (dotReceived) this.#current.dotAt = Date.now()
  }

  #context(line: string, address: string, step?: Step): StepContext {
    const transaction = this.#server.transactions.length + (step === 'mail' ? 1 : 0)
    return { line, address, connection: this.#number, transaction }
  }

  /** Does what the script says. True when that was a positive reply and the connection stays. */
  #react(step: Step, line: string, address = ''): boolean {
    const scripted = this.#script[step]
    const chosen = typeof scripted === 'function' ? scripted(this.#context(line, address, step)) : scripted
    return this.#perform(chosen ?? this.#usual(step), step, address)
  }

  #perform(reaction: Reaction, step: Step, address = ''): boolean {
    const whole = replyOf(reaction)
    if (whole !== '') noteReply(this.#server, this.#current, { step, reply: whole, address })
    if (typeof reaction === 'string') return this.#say(reaction, step)
    if ('just' in reaction) {
      if (reaction.just === 'stall') this.#stalled = true
      if (reaction.just === 'reset') this.#socket.resetAndDestroy()
      else if (reaction.just === 'drop') this.#socket.destroy()
    } else if ('raw' in reaction) {
      this.#socket.write(reaction.raw, 'latin1')
      return /^[23]/.test(reaction.raw)
    } else if ('bytewise' in reaction) {
      this.#holdUntil(writeBytewise(this.#socket, `${reaction.bytewise}\r\n`))
      return /^[23]/.test(reaction.bytewise)
    } else if ('rawDrop' in reaction) this.#socket.end(reaction.rawDrop, 'latin1')
    else if ('drop' in reaction) this.#socket.end(`${reaction.drop}\r\n`)
    else {
      this.#sayLater(reaction.after, reaction.reply, step, address)
      return /^[23]/.test(reaction.reply)
    }
    return false
  }

  #sayLater(when: Promise<unknown>, reply: string, step: Step, address: string): void {
    const current = this.#current
    const said = when.then(() => {
      if (this.#socket.writable) noteReply(this.#server, current, { step, reply, address })
      this.#say(reply, step)
    })
    this.#holdUntil(said)
  }

  #holdUntil(said: Promise<void>): void {
    this.#held = ''
    void said.then(() => {
      const held = this.#held ?? ''
      this.#held = undefined
      this.#read(held)
    })
  }

  #say(reply: string, step: Step): boolean {
    if (this.#socket.writable) this.#socket.write(`${reply.replaceAll('\n', '\r\n')}\r\n`)
    if (step === 'quit') this.#socket.end()
    return /^[23]/.test(reply)
  }

  #usual(step: Step): string {
    if (step === 'ehlo') return this.#ehlo()
    if ((step === 'rcpt' || step === 'data') && this.#current === undefined) return '503 5.5.1 need MAIL'
    if (step === 'data' && this.#current?.rcptTo.length === 0) return '554 5.5.1 no valid recipients'
    return USUAL[step]
  }

  #ehlo(): string {
    const lines = ['scripted', ...(this.#script.extensions ?? ['PIPELINING', '8BITMIME', 'SIZE 50000000'])]
    return lines.map((line, place) => `250${place === lines.length - 1 ? ' ' : '-'}${line}`).join('\n')
  }
}

/**
 * Starts a server on a free port.
 *
 * @param script for all connections, or chosen for each by its number, from 1
 * @param path of a Unix socket to listen on instead
 */
export async function startScriptedServer(
  script: Script | ((connection: number) => Script) = {},
  path?: string,
): Promise<ScriptedServer> {
  const records: Records = { transactions: [], commands: [], refusals: [] }
  const sockets = new Set<Socket>()
  let connections = 0
  let mostConnections = 0
  const serve = (socket: Socket): void => {
    connections++
    sockets.add(socket)
    mostConnections = Math.max(mostConnections, sockets.size)
    socket.once('close', () => sockets.delete(socket))
    new Session(socket, typeof script === 'function' ? script(connections) : script, records, connections)
  }
  const implicit = typeof script === 'object' && script.implicitTls === true
  const server = implicit ? createTlsServer(script.tls ?? {}, serve) : createServer(serve)
  await new Promise<void>((resolve) => {
    if (path === undefined) server.listen(0, '127.0.0.1', resolve)
    else server.listen(path, resolve)
  })
  const address = server.address()
  return {
    port: address instanceof Object ? address.port : 0,
    ...records,
    get connections() {
      return connections
    },
    get openConnections() {
      return sockets.size
    },
    get mostConnections() {
      return mostConnections
    },
    close: () => {
      for (const socket of sockets) socket.destroy()
      return new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
