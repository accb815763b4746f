/**
 * An SMTP server for tests that does what its script says: any reply, no reply, a late reply, garbage, a cut
 * connection, at any step. It listens on 127.0.0.1 and records every transaction byte by byte.
 */
import { createServer, type Socket } from 'node:net'

/** What the server does at one step. Text is sent with CRLF at its end; LF in it separates lines. */
export type Reaction =
  | string
  /** Bytes as they are, without CRLF. At `data` a message may follow. */
  | { readonly raw: string }
  /** The same, and then the end of the connection. */
  | { readonly rawDrop: string }
  /** Nothing at all from here on (the client waits), a closed connection, a connection ended with RST. */
  | { readonly just: 'stall' | 'drop' | 'reset' }
  /** Closes the connection after a last reply. */
  | { readonly drop: string }
  /** The reply once the promise is fulfilled. */
  | { readonly after: Promise<unknown>; readonly reply: string }

export const STALL: Reaction = { just: 'stall' }
export const DROP: Reaction = { just: 'drop' }
export const RESET: Reaction = { just: 'reset' }

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

/** A fixed reaction, or one chosen by what has happened; undefined means the usual one. */
export type Script = {
  readonly [step in Step]?: Reaction | ((context: StepContext) => Reaction | undefined)
} & {
  /** Lines of the EHLO reply after the first. */
  readonly extensions?: readonly string[]
  /** Cuts the connection when this many bytes of a message have come. */
  readonly cutBodyAfter?: number
  /** Takes nothing from the network after DATA. */
  readonly stopReading?: boolean
}

/** One transaction as it came over the wire. */
export interface RecordedTransaction {
  readonly connection: number
  readonly mailFrom: string
  /** What followed the address in MAIL, such as `SIZE=10 BODY=8BITMIME`. */
  readonly params: string
  /** Recipients that were accepted. */
  readonly rcptTo: string[]
  /** The message without its dot-stuffing and without the final dot. */
  data: Buffer
  dotReceived: boolean
  /** The final reply was 2xx. */
  accepted: boolean
}

/** A running server. */
export interface ScriptedServer {
  readonly port: number
  readonly transactions: readonly RecordedTransaction[]
  /** Every command line of every connection, in order. */
  readonly commands: readonly string[]
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
  readonly #socket: Socket
  readonly #script: Script
  readonly #server: { transactions: RecordedTransaction[]; commands: string[] }
  readonly #number: number
  #pending = ''
  #current: RecordedTransaction | undefined
  #body: string[] | undefined
  #bodySize = 0
  #stalled = false
  /** LHLO was said: after the dot comes a reply for each recipient. */
  #lmtp = false

  constructor(
    socket: Socket,
    script: Script,
    server: { transactions: RecordedTransaction[]; commands: string[] },
    number: number,
  ) {
    this.#socket = socket
    this.#script = script
    this.#server = server
    this.#number = number
    socket.setEncoding('latin1')
    socket.setNoDelay(true)
    socket.on('error', () => socket.destroy())
    socket.on('data', (text: string) => this.#read(text))
    this.#react('banner', '')
  }

  #read(text: string): void {
    let rest = text
    while (rest !== '' && !this.#socket.destroyed && !this.#stalled) {
      rest = this.#body === undefined ? this.#readCommand(rest) : this.#readBody(this.#body, rest)
    }
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
    if (step !== 'data') return
    this.#body = ['\r\n']
    this.#bodySize = 0
    if (this.#script.stopReading === true) this.#socket.pause()
  }

  #begin(mailFrom: string, line: string): void {
    const params = line.slice(line.indexOf('>') + 1).trim()
    const data = Buffer.alloc(0)
    const connection = this.#number
    this.#current = { connection, mailFrom, params, rcptTo: [], data, dotReceived: false, accepted: false }
    this.#server.transactions.push(this.#current)
  }

  /** The parts of the body begin with a CRLF of their own, so that the end is always CRLF dot CRLF. */
  #readBody(body: string[], text: string): string {
    const before = body.slice(-5).join('').slice(-4)
    const end = (before + text).indexOf('\r\n.\r\n')
    const taken = end === -1 ? text : text.slice(0, end + 5 - before.length)
    body.push(taken)
    this.#bodySize += taken.length
    const { cutBodyAfter = Infinity } = this.#script
    if (this.#bodySize >= cutBodyAfter) {
      this.#record(body.join('').slice(2), false)
      this.#socket.destroy()
      return ''
    }
    if (end === -1) return ''
    this.#body = undefined
    const whole = body.join('')
    this.#record(whole.slice(2, -3).replaceAll('\r\n.', '\r\n').replace(/^\./, ''), true)
    const accepted = this.#lmtp ? this.#answerEach() : this.#react('dot', '')
    if (this.#current !== undefined) this.#current.accepted = accepted
    this.#current = undefined
    return text.slice(taken.length)
  }

  #answerEach(): boolean {
    const replies = (this.#current?.rcptTo ?? []).map(
      (recipient) => !this.#stalled && this.#socket.writable && this.#react('dot', '', recipient),
    )
    return replies.includes(true)
  }

  #record(text: string, dotReceived: boolean): void {
    if (this.#current === undefined) return
    this.#current.data = Buffer.from(text, 'latin1')
    this.#current.dotReceived = dotReceived
  }

  /** Does what the script says. True when that was a positive reply. */
  #react(step: Step, line: string, address = ''): boolean {
    const scripted = this.#script[step]
    const transaction = this.#server.transactions.length + (step === 'mail' ? 1 : 0)
    const context = { line, address, connection: this.#number, transaction }
    const chosen = typeof scripted === 'function' ? scripted(context) : scripted
    const reaction = chosen ?? this.#usual(step)
    if (typeof reaction === 'string') return this.#say(reaction, step)
    if ('just' in reaction) {
      if (reaction.just === 'stall') this.#stalled = true
      if (reaction.just === 'reset') this.#socket.resetAndDestroy()
      else if (reaction.just === 'drop') this.#socket.destroy()
    } else if ('raw' in reaction) {
      this.#socket.write(reaction.raw, 'latin1')
      return /^[23]/.test(reaction.raw)
    } else if ('rawDrop' in reaction) this.#socket.end(reaction.rawDrop, 'latin1')
    else if ('drop' in reaction) this.#socket.end(`${reaction.drop}\r\n`)
    else void reaction.after.then(() => this.#say(reaction.reply, step))
    return false
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

/** Starts a server on a free port. */
export async function startScriptedServer(script: Script = {}): Promise<ScriptedServer> {
  const records = { transactions: new Array<RecordedTransaction>(), commands: new Array<string>() }
  const sockets = new Set<Socket>()
  let connections = 0
  let mostConnections = 0
  const server = createServer((socket) => {
    connections++
    sockets.add(socket)
    mostConnections = Math.max(mostConnections, sockets.size)
    socket.once('close', () => sockets.delete(socket))
    new Session(socket, script, records, connections)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return {
    port: address.port,
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
