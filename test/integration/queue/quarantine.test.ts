/**
 * What is no message goes to corrupt/ with the reason, and stops nothing.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { namesIn, queueContents, storedIn } from '../../helpers/queue-dir.ts'
import { BYTES, entriesOf, messageTo } from './contract.ts'
import { recover, testQueue, type TestQueue } from './maildir.ts'

const isRoot = process.getuid?.() === 0

/** Claims everything that waits and gives the good messages back. */
async function claimAll({ store }: TestQueue): Promise<string[]> {
  const runner = await store.openRunner('run')
  const kinds: string[] = []
  for (const entry of await entriesOf(store, ['new'])) {
    const result = await runner.claim(entry)
    kinds.push(result.kind)
    if (result.kind === 'claimed') await result.claim.release()
  }
  await runner.close()
  return kinds.sort()
}

const reasonOf = ({ queueDir }: TestQueue): string => {
  const [name = ''] = namesIn(queueDir, 'corrupt').filter((each) => each.endsWith('.reason'))
  return readFileSync(join(queueDir, 'corrupt', name), 'utf8').replace(/^\S+ /, '')
}

const BAD: readonly (readonly [string, (path: string) => void, RegExp])[] = [
  ['an empty file', (path) => writeFileSync(path, ''), /end line .* missing/],
  ['a torn file', (path) => writeFileSync(path, 'Return-path: <a@x>\r\nEnvelope-'), /end line .* missing/],
  [
    'a foreign file',
    (path) => writeFileSync(path, 'From: a@x\n\nX-Queue-Meta-End: end\n'),
    /foreign header|no header/,
  ],
  ['a directory', (path) => mkdirSync(join(path, 'inside'), { recursive: true }), /not a regular file/],
  ['a symbolic link', (path) => symlinkSync('/etc/passwd', path), /symbolic link/],
  ['a link that leads nowhere', (path) => symlinkSync('/nonexistent', path), /symbolic link/],
  ['a FIFO', (path) => void spawnSync('mkfifo', [path]), /not a regular file/],
]

describe('what is no message', () => {
  it.each(BAD)('is moved to corrupt/ with the reason, and the rest goes on: %s', async (_what, make, why) => {
    const queue = testQueue()
    await queue.store.enqueue(messageTo('a@x'))
    const path = join(queue.queueDir, 'new', 'bad')
    make(path)
    const kind = lstatSync(path).mode
    expect(await claimAll(queue)).toEqual(['claimed', 'quarantined'])
    expect(reasonOf(queue)).toMatch(why)
    const [name = ''] = namesIn(queue.queueDir, 'corrupt')
    expect(lstatSync(join(queue.queueDir, 'corrupt', name)).mode).toBe(kind)
    expect(queueContents(queue.queueDir)).toEqual({ new: ['a@x=pending'], corrupt: ['bad', 'bad.reason'] })
  })

  it('is never overwritten by another of the same name', async () => {
    const queue = testQueue()
    for (const text of ['one', 'two']) {
      writeFileSync(join(queue.queueDir, 'new', 'bad'), text)
      await claimAll(queue)
    }
    const texts = namesIn(queue.queueDir, 'corrupt')
      .filter((name) => !name.endsWith('.reason'))
      .map((name) => readFileSync(join(queue.queueDir, 'corrupt', name), 'utf8'))
    expect(texts.sort()).toEqual(['one', 'two'])
  })

  it('is a socket, too', async () => {
    const queue = testQueue()
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(join(queue.queueDir, 'new', 'bad'), resolve))
    expect(await claimAll(queue)).toEqual(['quarantined'])
    server.close()
    expect(queueContents(queue.queueDir)).toEqual({ corrupt: ['bad', 'bad.reason'] })
  })

  it.skipIf(isRoot)('is a file that may not be read', async () => {
    const queue = testQueue()
    await queue.store.enqueue(messageTo('a@x'))
    const [{ name } = { name: '' }] = storedIn(queue.queueDir, 'new')
    chmodSync(join(queue.queueDir, 'new', name), 0)
    expect(await claimAll(queue)).toEqual(['quarantined'])
    expect(reasonOf(queue)).toMatch(/EACCES/)
    expect(namesIn(queue.queueDir, 'new')).toEqual([])
  })

  it('is a file whose name is so long that no claim can be added', async () => {
    const queue = testQueue()
    await queue.store.enqueue(messageTo('a@x'))
    for (const length of [201, 255]) writeFileSync(join(queue.queueDir, 'new', 'n'.repeat(length)), 'x')
    writeFileSync(join(queue.queueDir, 'cur', 'c'.repeat(255)), 'x')
    queue.clock.ahead = 3_600_000
    expect(await recover(queue)).toEqual([false])
    expect(await claimAll(queue)).toEqual(['claimed', 'quarantined', 'quarantined'])
    expect(queueContents(queue.queueDir)).toMatchObject({ new: ['a@x=pending'] })
    expect(namesIn(queue.queueDir, 'corrupt').filter((name) => !name.endsWith('.reason'))).toEqual([
      'c'.repeat(255),
      'n'.repeat(201),
      'n'.repeat(255),
    ])
  })

  it('is moved away by a recovery, which says so', async () => {
    const queue = testQueue()
    writeFileSync(join(queue.queueDir, 'cur', 'bad:1,p1r1.1'), 'junk')
    const runner = await queue.store.openRunner('run')
    const [recovered] = await runner.recover(() => 0)
    await runner.close()
    expect(recovered?.quarantined?.why).toMatch(/end line .* missing/)
    expect(queueContents(queue.queueDir)).toEqual({ corrupt: ['bad', 'bad.reason'] })
  })
})

describe('a message', () => {
  it('with an enormous block is read, and one with an endless block is not', async () => {
    const queue = testQueue()
    const recipients = Array.from({ length: 20_000 }, (_, place) => `recipient${place}@x.example`)
    await queue.store.enqueue(messageTo(...recipients))
    const runner = await queue.store.openRunner('run')
    const [entry] = await entriesOf(queue.store)
    const result = entry && (await runner.claim(entry))
    if (result?.kind !== 'claimed') throw new Error('not claimed')
    expect(result.claim.pending).toEqual(recipients)
    const chunks: Buffer[] = []
    const stream: AsyncIterable<Buffer> = result.claim.content.stream()
    for await (const chunk of stream) chunks.push(chunk)
    expect(Buffer.concat(chunks).equals(BYTES)).toBe(true)
    await result.claim.release()
    await runner.close()
    expect(storedIn(queue.queueDir, 'new')).toHaveLength(1)
  })
})
