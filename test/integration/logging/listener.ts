/**
 * A program that listens on a stream of this machine, as the journal does: it keeps everything that it is sent.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** What listens. */
export interface Listener {
  readonly path: string
  /** What came over each connection, in the order of the connections. */
  readonly heard: readonly string[]
  /** Waits until the text of all connections ends so. */
  hears(end: string): Promise<void>
  /** Ends all connections and listens no more. */
  close(): Promise<void>
  /** Listens again under the same path. */
  open(): Promise<void>
}

/** A directory that is gone when the test has finished. */
export function scratchDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'mq-listen-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  return directory
}

/**
 * Starts a listener.
 *
 * @param reads false for one that takes connections and fetches nothing
 */
export async function startListener(reads = true): Promise<Listener> {
  const path = join(scratchDirectory(), 'socket')
  const heard: string[] = []
  const sockets = new Set<Socket>()
  let changed: () => void = () => undefined
  const server = createServer({ pauseOnConnect: !reads }, (socket) => {
    sockets.add(socket)
    const at = heard.push('') - 1
    socket.on('error', () => undefined)
    if (!reads) return
    socket.setEncoding('utf8').on('data', (text: string) => {
      heard[at] = `${heard[at] ?? ''}${text}`
      changed()
    })
  })
  const open = (): Promise<void> => new Promise((resolve) => server.listen(path, () => resolve()))
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy()
    sockets.clear()
    if (server.listening) await new Promise((resolve) => server.close(resolve))
  }
  onTestFinished(close)
  await open()
  const hears = async (end: string): Promise<void> => {
    while (!heard.join('').endsWith(end)) await new Promise<void>((resolve) => (changed = resolve))
  }
  return { path, heard, hears, close, open }
}
