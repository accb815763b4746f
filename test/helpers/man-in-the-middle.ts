/**
 * Somebody between a client and an SMTP server on 127.0.0.1, who writes down every byte that the client sends, and
 * tampers with what goes by in clear. Once the client speaks TLS, everything is passed on as it is.
 */
import { connect, createServer, type Socket } from 'node:net'

/** What is tampered with. Replies are given without their codes, line by line. */
export interface Tampering {
  /** What becomes of a reply. */
  readonly reply?: (lines: readonly string[]) => readonly string[]
  /** The answer to a command, which does not reach the server; undefined leaves it alone. */
  readonly answer?: (command: string) => string | undefined
  /** Bytes that are added to a positive reply to STARTTLS, in the same packet. */
  readonly inject?: string
}

/** At work. */
export interface MiddleMan {
  readonly port: number
  /** All that clients have sent, one character a byte. */
  readonly wire: string
  close(): Promise<void>
}

/** The first byte of a TLS handshake, which is the first of no command. */
const HANDSHAKE = 0x16

/** Cuts a stream into lines; what is not complete waits for the next call. */
function liner(): (chunk: Buffer) => string[] {
  let rest = ''
  return (chunk) => {
    const lines = (rest + chunk.toString('latin1')).split('\r\n')
    rest = lines.pop() ?? ''
    return lines
  }
}

function render(reply: readonly string[], { reply: edit = (lines) => lines }: Tampering): string {
  const code = reply[0]?.slice(0, 3) ?? ''
  const lines = edit(reply.map((line) => line.slice(4)))
  return lines.map((text, at) => `${code}${at === lines.length - 1 ? ' ' : '-'}${text}\r\n`).join('')
}

function stand(client: Socket, port: number, tampering: Tampering, sent: Buffer[]): void {
  const server = connect({ host: '127.0.0.1', port })
  const [fromClient, fromServer] = [liner(), liner()]
  let command = ''
  let secured = false
  let reply: string[] = []
  client.on('data', (chunk: Buffer) => {
    sent.push(chunk)
    secured ||= chunk[0] === HANDSHAKE
    if (secured) server.write(chunk)
    else {
      for (const line of fromClient(chunk)) {
        command = line
        const answer = tampering.answer?.(line)
        if (answer === undefined) server.write(`${line}\r\n`)
        else client.write(`${answer}\r\n`)
      }
    }
  })
  server.on('data', (chunk: Buffer) => {
    if (secured) {
      client.write(chunk)
      return
    }
    for (const line of fromServer(chunk)) {
      reply.push(line)
      if (line[3] === '-') continue
      const injected = command === 'STARTTLS' && line.startsWith('220') ? tampering.inject : undefined
      client.write(`${render(reply, tampering)}${injected ?? ''}`, 'latin1')
      reply = []
    }
  })
  for (const [one, other] of [
    [client, server],
    [server, client],
  ] as const) {
    one.setNoDelay(true)
    one.on('error', () => other.destroy())
    one.on('close', () => other.end())
  }
}

/**
 * Starts on a free port of 127.0.0.1.
 *
 * @param server the port of the real server
 */
export async function startMiddleMan(server: number, tampering: Tampering = {}): Promise<MiddleMan> {
  const sent: Buffer[] = []
  const sockets = new Set<Socket>()
  const listener = createServer((client) => {
    sockets.add(client)
    client.once('close', () => sockets.delete(client))
    stand(client, server, tampering, sent)
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const address = listener.address()
  if (address === null || typeof address === 'string') throw new Error('nobody listens')
  return {
    port: address.port,
    get wire() {
      return Buffer.concat(sent).toString('latin1')
    },
    close: () => {
      for (const socket of sockets) socket.destroy()
      return new Promise<void>((resolve) => listener.close(() => resolve()))
    },
  }
}

/** A tampering that takes lines out of replies. */
export const without =
  (what: RegExp): NonNullable<Tampering['reply']> =>
  (lines) =>
    lines.filter((line) => !what.test(line))

/** Those of the secrets that are in the bytes, as they are or in base64, wherever they begin in it. */
export function leaksIn(wire: string, secrets: readonly string[]): string[] {
  return secrets.filter((secret) =>
    [secret, ...[0, 1, 2].map((offset) => middleOfBase64(secret, offset))].some((form) =>
      wire.includes(form),
    ),
  )
}

/** The signs of base64 that depend on the secret alone when this many octets come before it in its group. */
function middleOfBase64(secret: string, offset: number): string {
  const octets = Buffer.concat([Buffer.alloc(offset), Buffer.from(secret)])
  return octets.toString('base64').slice(Math.ceil((offset * 4) / 3), Math.floor((octets.length * 4) / 3))
}
