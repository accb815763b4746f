/** Signing on the way out, and what becomes of mail while the key cannot be used. */
import { generateKeyPairSync } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { deliveryContext } from '../../../src/delivery/context.ts'
import { runQueueOnce } from '../../../src/delivery/run-queue.ts'
import { signing } from '../../../src/delivery/signing-transport.ts'
import { submit } from '../../../src/delivery/submit.ts'
import { bufferContent } from '../../../src/message/content.ts'
import { MemoryQueue } from '../../../src/queue/memory/queue.ts'
import type { QueueEntry } from '../../../src/queue/store.ts'
import { MemoryTransport } from '../../../src/transport/memory.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mailqueue-sign-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

const keyFile = (): string => join(directory, 'key.pem')
const writeKey = (mode = 0o600): void => {
  const { privateKey } = generateKeyPairSync('ed25519')
  writeFileSync(keyFile(), privateKey.export({ type: 'pkcs8', format: 'pem' }))
  chmodSync(keyFile(), mode)
}
const events: string[] = []
const note = (event: string): void => void events.push(event)
const log = { debug: note, info: note, warn: note, error: note, debugEnabled: false }
const complaints: string[] = []
beforeEach(() => {
  events.length = 0
  complaints.length = 0
})

function signer(strict = false): { memory: MemoryTransport; transport: ReturnType<typeof signing> } {
  const memory = new MemoryTransport()
  const dkim = { domain: 's.ex', selector: 'sel', keyFile: keyFile(), strict }
  return { memory, transport: signing(memory, dkim, log, (line) => void complaints.push(line)) }
}

const message = (from = 'a@s.ex') => ({
  envelope: { sender: 'a@s.ex', recipients: ['b@d.ex', 'c@d.ex'] },
  content: bufferContent(Buffer.from(`From: ${from}\r\nSubject: s\r\n\r\nbody\r\n`)),
})

async function entriesOf(queue: MemoryQueue): Promise<QueueEntry[]> {
  const entries: QueueEntry[] = []
  for await (const entry of queue.list(['new', 'cur', 'hold', 'failed'])) entries.push(entry)
  return entries
}

describe('a transport that signs', () => {
  it('stops reading a large message when its caller has no more time', async () => {
    writeKey()
    const { memory, transport } = signer()
    const stopper = new AbortController()
    let read = 0
    const endless = async function* (): AsyncGenerator<Buffer> {
      yield Buffer.from('From: a@s.ex\r\n\r\n')
      for (;;) {
        read += 1
        if (read === 100) stopper.abort(new Error('no more time'))
        yield await Promise.resolve(Buffer.from('line\r\n'.repeat(1000)))
      }
    }
    const content = {
      ...{ size: 1e12, bytes: undefined, close: () => undefined },
      stream: () => Readable.from(endless(), { objectMode: false }),
    }
    const outcomes = await transport.send({ ...message(), content }, stopper.signal)
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: 'deferred', scope: 'host', reason: 'no more time' })
    }
    expect(outcomes).toHaveLength(2)
    expect(memory.messages).toEqual([])
  })

  it('sends mail of its domain with a signature, and the same bytes each time', async () => {
    writeKey()
    const { memory, transport } = signer()
    await transport.send(message())
    await transport.send(message())
    const [first, second] = memory.messages.map(({ data }) => data.toString())
    expect(first).toMatch(
      /^DKIM-Signature: v=1; a=ed25519-sha256; [\s\S]*\r\nFrom: a@s\.ex\r\nSubject: s\r\n\r\nbody\r\n$/,
    )
    expect(second).toBe(first)
    expect(events).toEqual([])
  })

  it('sends mail of another domain as it is, without a key', async () => {
    const { memory, transport } = signer()
    await transport.send(message('a@other.ex'))
    expect(memory.messages[0]?.data.toString()).toBe('From: a@other.ex\r\nSubject: s\r\n\r\nbody\r\n')
    expect(events).toEqual(['message.unsigned'])
    expect(complaints).toEqual([])
  })

  it('warns once of a key that others can read, and with strict_permissions does not use it', async () => {
    writeKey(0o604)
    const { memory, transport } = signer()
    await transport.send(message())
    await transport.send(message())
    expect(memory.messages).toHaveLength(2)
    expect(complaints).toEqual([expect.stringContaining('others can read it (mode 0604)')])
    const strict = signer(true)
    expect((await strict.transport.send(message())).map(({ status }) => status)).toEqual([
      'deferred',
      'deferred',
    ])
    expect(strict.memory.messages).toEqual([])
  })

  it('keeps mail in the queue while the key is missing, and a run sends it signed when the key is there', async () => {
    const queue = new MemoryQueue()
    const context = deliveryContext({ log })
    const { memory, transport } = signer()
    const result = await submit({ ...message(), transport, queue, spool: 'fallback' }, context)
    expect(result).toMatchObject({ queued: ['b@d.ex', 'c@d.ex'], unaccepted: [], problem: undefined })
    const reason = expect.stringMatching(
      /^the DKIM key .* cannot be used: there is no such file; .* is not sent unsigned, it waits$/,
    ) as string
    expect(result.fault).toEqual(reason)
    const run = () => runQueueOnce(queue, transport, context, { connections: 1 })
    expect(await run()).toMatchObject({ delivered: 0, stopped: undefined, faults: [{ reason, isNew: true }] })
    expect(await run()).toMatchObject({ delivered: 0, failed: 0, faults: [{ reason, isNew: false }] })
    const part = await runQueueOnce(queue, transport, context, { connections: 1, selects: () => false })
    expect(part.faults).toEqual([])
    expect((await run()).faults).toEqual([{ reason, isNew: false }])
    expect(events.filter((event) => event === 'dkim.failed')).toHaveLength(4)
    expect(complaints).toEqual([])
    expect(await entriesOf(queue)).toHaveLength(1)
    writeKey()
    const report = await runQueueOnce(queue, transport, context, { connections: 1 })
    expect(report).toMatchObject({ delivered: 1, faults: [] })
    expect(memory.messages.map(({ data }) => data.toString('latin1', 0, 15))).toEqual(['DKIM-Signature:'])
    expect(await entriesOf(queue)).toEqual([])
  })

  it('leaves the message with its caller where there is no queue, as a fault of the configuration', async () => {
    const { transport } = signer()
    const submission = { ...message(), transport, queue: undefined, spool: 'fallback' as const }
    const { unaccepted, problem } = await submit(submission, deliveryContext({ log }))
    expect(unaccepted).toEqual(['b@d.ex', 'c@d.ex'])
    expect(problem).toMatchObject({ code: 'CONFIG_INVALID', exitCode: 78 })
  })
})
