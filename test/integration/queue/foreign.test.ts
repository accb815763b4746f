/**
 * Messages and claims of mailqueue-runner, and files that were put into the queue by hand.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { linkSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { namesIn, queueContents, storedIn } from '../../helpers/queue-dir.ts'
import { claimOnly, deferred, delivered, messageTo } from './contract.ts'
import { recover, testQueue } from './maildir.ts'

const NAME = '1763755920.M123456P77Q1.host.example'
const BODY = 'Subject: hi\r\n\r\nbody\r\n'
/** As mailqueue-runner writes it after three failed attempts. */
const STORED = [
  'Return-path: <foo@site.example>',
  'Envelope-to: bar@site.example,baz@site.example',
  'X-Queue-Date: Fri, 21 Nov 2025 21:12:00 +0100',
  'X-Last-Attempt: Fri, 21 Nov 2025 21:42:00 +0100',
  'X-Retries: 3',
  'X-Queue-Meta-End: end',
  BODY,
].join('\r\n')
const HALF_AN_HOUR = 30 * 60_000

describe('a message of mailqueue-runner', () => {
  it('is delivered with its bytes, its envelope and its history', async () => {
    const { store, queueDir } = testQueue()
    writeFileSync(join(queueDir, 'new', NAME), STORED, { mode: 0o644 })
    const runner = await store.openRunner('run')
    const claim = await claimOnly(store, runner)
    expect(claim.content.bytes?.toString()).toBe(BODY)
    expect(claim.message).toMatchObject({
      envelope: { sender: 'foo@site.example', recipients: ['bar@site.example', 'baz@site.example'] },
      attempts: 3,
      queuedAt: Date.UTC(2025, 10, 21, 20, 12),
      lastAttempt: Date.UTC(2025, 10, 21, 20, 42),
      size: BODY.length,
    })
    await claim.record([delivered('bar@site.example'), deferred('baz@site.example')])
    await claim.finish({ action: 'retry', at: 1_800_000_000_000 })
    await runner.close()
    expect(namesIn(queueDir, 'new')).toEqual([`${NAME},N=1800000000,P=5`])
    expect(readFileSync(join(queueDir, 'new', `${NAME},N=1800000000,P=5`), 'utf8')).toBe(STORED)
    expect(queueContents(queueDir)).toEqual({ new: ['bar@site.example=delivered baz@site.example=deferred'] })
  })

  it('could be delivered by that program when we queued it: its headers only, then the message', async () => {
    const { store, queueDir } = testQueue()
    await store.enqueue(messageTo('a@x', 'b@x'))
    const [{ name, bytes } = { name: '', bytes: Buffer.alloc(0) }] = storedIn(queueDir, 'new')
    const text = readFileSync(join(queueDir, 'new', name), 'latin1')
    expect(text.slice(0, text.length - bytes.length)).toMatch(
      /^Return-path: <s@x\.example>\r\nEnvelope-to: a@x,b@x\r\nX-Queue-Date: [^\r\n]+\r\nX-Queue-Meta-End: end\r\n$/,
    )
    expect(bytes.toString('utf8').startsWith('Subject: ')).toBe(true)
    expect(queueContents(queueDir)).toEqual({ new: ['a@x=pending b@x=pending'] })
  })
})

describe('a claim of mailqueue-runner', () => {
  it('is left alone for half an hour, and then is in doubt', async () => {
    const queue = testQueue()
    writeFileSync(join(queue.queueDir, 'cur', NAME), STORED)
    queue.clock.ahead = HALF_AN_HOUR - 60_000
    expect(await recover(queue)).toEqual([])
    expect(namesIn(queue.queueDir, 'cur')).toEqual([NAME])
    queue.clock.ahead = HALF_AN_HOUR + 60_000
    expect(await recover(queue)).toEqual([true])
    expect(queueContents(queue.queueDir)).toEqual({
      new: ['bar@site.example=in-doubt baz@site.example=in-doubt'],
    })
  })

  it('is left alone while it is locked, however old it is', async () => {
    const queue = testQueue()
    const path = join(queue.queueDir, 'cur', NAME)
    writeFileSync(path, STORED)
    queue.clock.ahead = 24 * 3_600_000
    const holder = spawn('env', ['flock', path, 'sh', '-c', 'echo locked; read end'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    await once(holder.stdout, 'data')
    expect(await recover(queue)).toEqual([])
    expect(namesIn(queue.queueDir, 'cur')).toEqual([NAME])
    holder.stdin.end('\n')
    await once(holder, 'close')
    expect(await recover(queue)).toEqual([true])
    expect(queueContents(queue.queueDir)).toEqual({
      new: ['bar@site.example=in-doubt baz@site.example=in-doubt'],
    })
  })

  it('that died between its link and its unlink leaves one message, not two', async () => {
    const queue = testQueue()
    writeFileSync(join(queue.queueDir, 'new', NAME), STORED)
    linkSync(join(queue.queueDir, 'new', NAME), join(queue.queueDir, 'cur', NAME))
    expect(await recover(queue)).toEqual([])
    expect(queueContents(queue.queueDir)).toEqual({
      new: ['bar@site.example=pending baz@site.example=pending'],
    })
  })
})

describe('files that were put into new/ by hand', () => {
  it('never become one, even when all but their info field is the same', async () => {
    const { store, queueDir } = testQueue()
    const names = ['m.x', 'm.x:2,S', 'm.x,N=5', 'm.x:1,p9r9.1']
    for (const [place, name] of names.entries()) {
      writeFileSync(join(queueDir, 'new', name), STORED.replaceAll('bar@', `bar${place}@`))
    }
    const runner = await store.openRunner('run')
    const claims = []
    for await (const entry of store.list(['new'])) claims.push(await runner.claim(entry))
    expect(claims.map(({ kind }) => kind)).toEqual(['claimed', 'claimed', 'claimed', 'claimed'])
    expect(namesIn(queueDir, 'cur').every((name) => name.split(':1,')[1]?.startsWith(runner.id))).toBe(true)
    for (const result of claims) if (result.kind === 'claimed') await result.claim.release()
    await runner.close()
    expect(queueContents(queueDir)).toEqual({
      new: [0, 1, 2, 3].map((place) => `bar${place}@site.example=pending baz@site.example=pending`),
    })
  })

  it('are read whatever their time', () => {
    const { queueDir } = testQueue()
    mkdirSync(join(queueDir, 'state'))
    const path = join(queueDir, 'new', 'plain')
    writeFileSync(path, STORED)
    utimesSync(path, 0, 0)
    expect(queueContents(queueDir)).toEqual({
      new: ['bar@site.example=pending baz@site.example=pending'],
    })
  })
})
