/**
 * A queue of 30,000 messages while the smarthost is down: a run makes one connection, touches nothing, and needs no
 * more memory than for a small queue; so does a look at it. How long that takes is measured by the bench.
 */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { fillQueue } from '../bench/queue-fill.mjs'
import { openSite } from '../helpers/mail-site.ts'
import { namesIn, snapshot } from '../helpers/queue-dir.ts'

const COUNT = 30_000
const REPORT_MEMORY = fileURLToPath(new URL('../helpers/report-memory.cjs', import.meta.url))
const MOST_MEMORY_KB = 120 * 1024

/** A smarthost that nobody can talk to: every connection ends at once. */
async function deafServer() {
  let connections = 0
  const server = createServer((socket) => {
    connections += 1
    socket.resetAndDestroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return { port: address.port, connections: () => connections }
}

describe('a queue of 30,000 messages', () => {
  it('is left alone by a run while the smarthost is down, after one connection', async () => {
    const server = await deafServer()
    const site = await openSite({ smtp_port: String(server.port) })
    fillQueue(site.queueDir, COUNT, 500)
    const before = snapshot(join(site.queueDir, 'new'))
    const memory = join(site.directory, 'memory')
    const env = { NODE_OPTIONS: `--require ${REPORT_MEMORY}`, MQ_TEST_MEMORY_FILE: memory }
    expect(await site.run('mq-run', [], { env })).toMatchObject({ code: 75, stdout: '', stderr: '' })
    expect(server.connections()).toBe(1)
    expect(Number(readFileSync(memory, 'utf8'))).toBeLessThan(MOST_MEMORY_KB)

    const list = await site.run('mq-queue', ['list', '--limit', '20', '--json'], { env })
    expect(list).toMatchObject({ code: 0, stderr: '' })
    expect(list.stdout.trimEnd().split('\n')).toHaveLength(20)
    expect(Number(readFileSync(memory, 'utf8'))).toBeLessThan(MOST_MEMORY_KB)
    expect(snapshot(join(site.queueDir, 'new'))).toEqual(before)
    expect(namesIn(site.queueDir, 'new')).toHaveLength(COUNT)
    expect([...namesIn(site.queueDir, 'cur'), ...namesIn(site.queueDir, 'state')]).toEqual([])
  })
})
