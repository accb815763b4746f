/**
 * Real proxies on 127.0.0.1 for tests: SOCKS5 (RFC 1928, 1929) and HTTP CONNECT. Whatever name they are asked for, they
 * connect to 127.0.0.1, so a test can use names that no resolver knows and see that only the proxy needed them.
 */
import { connect, createServer, type Server, type Socket } from 'node:net'

/** What a proxy does differently. */
export interface ProxyPlan {
  /** Demands these. */
  readonly login?: { readonly user: string; readonly password: string }
  /** SOCKS5: the code it refuses with. HTTP: the status line. */
  readonly refuse?: number | string
  /** The bytes it sends instead of its first answer. */
  readonly babble?: string
  /** Says nothing at all. */
  readonly silent?: boolean
}

/** A running proxy. */
export interface TestProxy {
  readonly port: number
  /** Where it was asked to connect to, as `host:port`. */
  readonly asked: readonly string[]
  /** The logins it was given, as `user:password`. */
  readonly logins: readonly string[]
  close(): Promise<void>
}

type Records = { asked: string[]; logins: string[] }

/** The octets that come over a connection, as many as are wanted at a time. */
function reader(socket: Socket): (enough: (seen: Buffer) => number) => Promise<Buffer> {
  let seen = Buffer.alloc(0)
  let wake: () => void = () => undefined
  const listener = (chunk: Buffer): void => {
    seen = Buffer.concat([seen, chunk])
    wake()
  }
  socket.on('data', listener)
  return async (enough) => {
    while (enough(seen) < 0) await new Promise<void>((resolve) => (wake = resolve))
    const taken = seen.subarray(0, enough(seen))
    seen = seen.subarray(taken.length)
    return taken
  }
}

const count =
  (size: number) =>
  (seen: Buffer): number =>
    seen.length >= size ? size : -1

function join(socket: Socket, port: number, hello: Buffer | string): void {
  const server = connect({ host: '127.0.0.1', port })
  server.on('error', () => socket.destroy())
  socket.on('close', () => server.destroy())
  server.once('connect', () => {
    socket.removeAllListeners('data')
    socket.write(hello)
    socket.pipe(server).pipe(socket)
  })
}

async function speakSocks5(socket: Socket, plan: ProxyPlan, records: Records): Promise<void> {
  const read = reader(socket)
  const { login, refuse, babble } = plan
  const [, methods = 0] = await read(count(2))
  const offered = await read(count(methods))
  if (babble !== undefined) {
    socket.end(babble)
    return
  }
  const method = login === undefined ? 0 : 2
  if (!offered.includes(method)) {
    socket.end(Buffer.from([5, 255]))
    return
  }
  socket.write(Buffer.from([5, method]))
  if (login !== undefined) {
    const [, userSize = 0] = await read(count(2))
    const user = await read(count(userSize))
    const [size = 0] = await read(count(1))
    const given = `${user.toString()}:${(await read(count(size))).toString()}`
    records.logins.push(given)
    const right = given === `${login.user}:${login.password}`
    socket.write(Buffer.from([1, right ? 0 : 1]))
    if (!right) return
  }
  const [, , , kind = 0] = await read(count(4))
  const size = kind === 1 ? 4 : kind === 4 ? 16 : ((await read(count(1)))[0] ?? 0)
  const address = await read(count(size))
  const host = kind === 3 ? address.toString() : kind === 1 ? address.join('.') : address.toString('hex')
  const port = (await read(count(2))).readUInt16BE()
  records.asked.push(`${host}:${port}`)
  if (typeof refuse === 'number') socket.end(Buffer.from([5, refuse, 0, 1, 0, 0, 0, 0, 0, 0]))
  else join(socket, port, Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 0]))
}

async function speakHttp(socket: Socket, plan: ProxyPlan, records: Records): Promise<void> {
  const head = (
    await reader(socket)((seen) => {
      const at = seen.indexOf('\r\n\r\n')
      return at === -1 ? -1 : at + 4
    })
  ).toString()
  const { login, refuse, babble } = plan
  if (babble !== undefined) {
    socket.end(babble)
    return
  }
  const [, place = '', port = '0'] = /^CONNECT (\S+:(\d+)) HTTP\/1\.1\r\n/.exec(head) ?? []
  records.asked.push(place)
  const given = /^Proxy-Authorization: Basic (\S+)\r$/m.exec(head)?.[1]
  if (given !== undefined) records.logins.push(Buffer.from(given, 'base64').toString())
  if (typeof refuse === 'string') socket.end(`HTTP/1.1 ${refuse}\r\nContent-Length: 0\r\n\r\n`)
  else if (login !== undefined && records.logins.at(-1) !== `${login.user}:${login.password}`)
    socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
  else join(socket, Number(port), 'HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n')
}

/** Starts a proxy on a free port. */
export async function startProxy(scheme: 'socks5' | 'http', plan: ProxyPlan = {}): Promise<TestProxy> {
  const records: Records = { asked: [], logins: [] }
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.once('close', () => sockets.delete(socket))
    if (plan.silent !== true) void (scheme === 'socks5' ? speakSocks5 : speakHttp)(socket, plan, records)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (!(address instanceof Object)) throw new Error('the proxy has no port')
  return {
    port: address.port,
    ...records,
    close: () => {
      for (const socket of sockets) socket.destroy()
      return new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
