/**
 * An SMTP server for messages too large to be kept: it takes everything on one connection at a time and remembers
 * size and hash of what came between DATA and the final dot, dots as they were on the wire.
 */
import { createHash } from 'node:crypto'
import { createServer, type Socket } from 'node:net'

/** One message. */
export interface HashedMessage {
  readonly sender: string
  readonly recipients: readonly string[]
  /** Octets with their dot-stuffing, the final dot not counted. */
  readonly size: number
  readonly sha256: string
}

/** A running server. */
export interface HashingServer {
  readonly port: number
  readonly messages: readonly HashedMessage[]
  close(): Promise<void>
}

const END = Buffer.from('\r\n.\r\n')

function serve(socket: Socket, keep: (message: HashedMessage) => void): void {
  let pending: Buffer = Buffer.alloc(0)
  let hash: ReturnType<typeof createHash> | undefined
  let size = 0
  let sender = ''
  let recipients: string[] = []
  const say = (reply: string): void => void socket.write(`${reply}\r\n`)

  const command = (line: string): void => {
    const address = /<(.*)>/.exec(line)?.[1] ?? ''
    const verb = line.slice(0, 4).toUpperCase()
    if (verb === 'MAIL') [sender, recipients] = [address, []]
    if (verb === 'RCPT') recipients.push(address)
    if (verb === 'DATA') {
      hash = createHash('sha256')
      size = 0
    }
    say({ EHLO: '250-hashing\r\n250 8BITMIME', DATA: '354 go on', QUIT: '221 bye' }[verb] ?? '250 ok')
    if (verb === 'QUIT') socket.end()
  }

  /** Takes what cannot be the beginning of the end; true when the end was there. */
  const body = (into: NonNullable<typeof hash>): boolean => {
    const end = pending.indexOf(END)
    const take = end === -1 ? Math.max(0, pending.length - END.length + 1) : end + 2
    into.update(pending.subarray(0, take))
    size += take
    pending = pending.subarray(end === -1 ? take : end + END.length)
    return end !== -1
  }

  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk: Buffer) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
    for (;;) {
      if (hash !== undefined) {
        if (!body(hash)) return
        keep({ sender, recipients, size, sha256: hash.digest('hex') })
        hash = undefined
        say('250 2.0.0 Ok: queued as HASHED')
      }
      const end = pending.indexOf('\r\n')
      if (end === -1) return
      const line = pending.toString('latin1', 0, end)
      pending = pending.subarray(end + 2)
      command(line)
    }
  })
  say('220 hashing ESMTP')
}

/** Starts a server on a free port of 127.0.0.1. */
export async function startHashingServer(): Promise<HashingServer> {
  const messages: HashedMessage[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    serve(socket, (message) => messages.push(message))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return {
    port: address.port,
    messages,
    close: () => {
      for (const socket of sockets) socket.destroy()
      return new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
