/**
 * Ports that nobody gets by chance: below those that the system gives to whoever asks for any, and to every outgoing
 * connection. A port of that range that was free a moment ago may be a server of another test by now; and a client of such a
 * port on its own machine may even be connected with itself.
 */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'

/** A port on which nobody listens. */
export const DEAD_PORT = 1

const RANGE = '/proc/sys/net/ipv4/ip_local_port_range'
const LOWEST = 10_000

function firstGiven(): number {
  try {
    return Number(readFileSync(RANGE, 'utf8').split(/\s/)[0])
  } catch {
    return 32_768
  }
}

function isFree(port: number): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

/** A port of 127.0.0.1 that is free, and stays it until the test lets a program listen there. */
export async function stillPort(): Promise<number> {
  const most = firstGiven()
  if (most <= LOWEST) throw new Error(`all ports are given away: ${RANGE} begins at ${most}`)
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (most - LOWEST))
    if (await isFree(port)) return port
  }
}
