/**
 * A message is stored completely or not at all, and never changes after that.
 */
import fs, {
  chmodSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { basename, join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { MessageContent } from '../../../src/message/content.ts'
import { namesIn, queueContents, storedIn } from '../../helpers/queue-dir.ts'
import { BYTES, claimOnly, deferred, failed, messageTo } from './contract.ts'
import { testQueue } from './maildir.ts'

/** Content that only streams, as a large message does. */
function streamed(chunks: readonly Buffer[], fail = false): MessageContent {
  async function* parts(): AsyncGenerator<Buffer> {
    yield* chunks
    if (fail) throw new Error('the source broke')
  }
  const size = chunks.reduce((sum, { length }) => sum + length, 0)
  return { size, bytes: undefined, stream: () => Readable.from(parts()), close: () => undefined }
}

describe('a message that is stored', () => {
  it('is a private file under a name that says when it is due', async () => {
    const { store, queueDir } = testQueue()
    const id = await store.enqueue(messageTo('a@x'), { nextAttempt: 1_800_000_000_999 })
    const [stored] = storedIn(queueDir, 'new')
    expect(stored?.id).toBe(id)
    expect(stored?.name).toMatch(/^\d{10}\.M\d{1,6}P\d+Q\d+R[0-9a-f]{12}\.[^,:/]+,N=1800000000,P=5$/)
    expect(stored?.bytes.equals(BYTES)).toBe(true)
    expect(statSync(join(queueDir, 'new', stored?.name ?? '')).mode & 0o777).toBe(0o600)
    expect(queueContents(queueDir)).toEqual({ new: ['a@x=pending'] })
  })

  it('is written as it streams, and read back as it was', async () => {
    const { store, queueDir } = testQueue()
    const chunks = Array.from({ length: 40 }, (_, place) => Buffer.alloc(65_536, place))
    const { envelope } = messageTo('a@x')
    await store.enqueue({ envelope, content: streamed(chunks) })
    const runner = await store.openRunner('run')
    const claim = await claimOnly(store, runner)
    expect(claim.content.bytes).toBeUndefined()
    for (let time = 0; time < 2; time += 1) {
      const parts: Buffer[] = []
      const stream: AsyncIterable<Buffer> = claim.content.stream()
      for await (const part of stream) parts.push(part)
      expect(Buffer.concat(parts).equals(Buffer.concat(chunks))).toBe(true)
    }
    await claim.release()
    await runner.close()
    expect(queueContents(queueDir)).toEqual({ new: ['a@x=pending'] })
  })

  it('never changes after that, whatever becomes of it', async () => {
    const { store, queueDir } = testQueue()
    await store.enqueue(messageTo('a@x', 'b@x'))
    const read = (): string => {
      const [name = ''] = namesIn(queueDir, 'new')
      const path = join(queueDir, 'new', name)
      return [statSync(path).ino, statSync(path).mtimeMs, readFileSync(path, 'latin1')].join(' ')
    }
    const before = read()
    const runner = await store.openRunner('run')
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const claim = await claimOnly(store, runner)
      await claim.record([deferred('a@x'), deferred('b@x')])
      await claim.finish({ action: 'retry', at: 0 })
    }
    await runner.close()
    expect(read()).toBe(before)
    expect(queueContents(queueDir)).toEqual({ new: ['a@x=deferred b@x=deferred'] })
  })

  it('is not copied again when it is claimed in the same step', async () => {
    const { store, queueDir } = testQueue()
    const runner = await store.openRunner('submit')
    const message = messageTo('a@x')
    let closed = 0
    const content = { ...message.content, close: () => (closed += 1) }
    const claim = await store.enqueueClaimed({ ...message, content }, runner)
    expect(claim.content.bytes).toBe(message.content.bytes)
    await claim.release()
    expect(closed).toBe(0)
    await runner.close()
    expect(queueContents(queueDir)).toEqual({ new: ['a@x=pending'] })
  })
})

describe('a message that cannot be stored', () => {
  it('leaves nothing when its source breaks', async () => {
    const { store, queueDir } = testQueue()
    const { envelope } = messageTo('a@x')
    const content = streamed([Buffer.from('half')], true)
    const outcomes = [deferred('a@x')]
    await expect(store.enqueue({ envelope, content }, { outcomes })).rejects.toMatchObject({
      code: 'QUEUE_IO',
    })
    expect(queueContents(queueDir)).toEqual({})
  })

  it('leaves nothing when its journal cannot be written', async () => {
    const { store, queueDir } = testQueue()
    await store.enqueue(messageTo('first@x'))
    rmSync(join(queueDir, 'state'), { recursive: true })
    writeFileSync(join(queueDir, 'state'), '')
    await expect(store.enqueue(messageTo('a@x'), { outcomes: [deferred('a@x')] })).rejects.toMatchObject({
      code: 'QUEUE_IO',
      temporary: true,
    })
    rmSync(join(queueDir, 'state'))
    mkdirSync(join(queueDir, 'state'))
    expect(queueContents(queueDir)).toEqual({ new: ['first@x=pending'] })
  })

  it('leaves nothing when an address cannot be written', async () => {
    const { store, queueDir } = testQueue()
    await expect(store.enqueue(messageTo('a\n@x'))).rejects.toMatchObject({ code: 'ADDRESS_INVALID' })
    expect(queueContents(queueDir)).toEqual({})
  })

  it.skipIf(process.getuid?.() === 0)('says that the queue is not permitted', async () => {
    const { store, queueDir } = testQueue()
    chmodSync(join(queueDir, 'tmp'), 0o500)
    await expect(store.enqueue(messageTo('a@x'))).rejects.toMatchObject({
      code: 'QUEUE_DENIED',
      exitCode: 77,
    })
    expect(queueContents(queueDir)).toEqual({})
  })
})

describe('a message whose storing failed at the last step', () => {
  it('keeps its journal for whoever has claimed it already', async () => {
    const { store, queueDir } = testQueue()
    const { fsync } = fs
    const failing = (fd: number, done: fs.NoParamCallback): void => {
      const [name] = namesIn(queueDir, 'new')
      if (name === undefined || basename(readlinkSync(`/proc/self/fd/${fd}`)) !== 'new') {
        fsync(fd, done)
        return
      }
      renameSync(join(queueDir, 'new', name), join(queueDir, 'cur', `${name}:1,another.1`))
      done(Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO' }))
    }
    fs.fsync = Object.assign(failing, { __promisify__: fsync.__promisify__ })
    syncBuiltinESMExports()
    onTestFinished(() => {
      fs.fsync = fsync
      syncBuiltinESMExports()
    })
    const stored = store.enqueue(messageTo('a@x', 'b@x'), { outcomes: [failed('a@x')] })
    await expect(stored).rejects.toMatchObject({ code: 'QUEUE_IO' })
    expect(queueContents(queueDir)).toEqual({ cur: ['a@x=failed b@x=pending'] })
  })
})
