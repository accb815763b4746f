/** Bodies of all sizes come back as they went in, and the file has no name. */
import { fstatSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterAll, describe, expect, it } from 'vitest'
import { BodyStore, MEMORY_LIMIT } from '../../../src/message/body-store.ts'

const directory = mkdtempSync(join(tmpdir(), 'mailqueue-body-'))
afterAll(() => rmSync(directory, { recursive: true }))

/** Every byte differs from its neighbours, so that a wrong offset is seen. */
const pattern = (length: number) =>
  Buffer.from(Uint8Array.from({ length }, (_value, index) => (index * 7) % 251))

async function store(bytes: Buffer, chunkSize: number) {
  const body = new BodyStore(directory)
  for (let start = 0; start < bytes.length; start += chunkSize) {
    await body.append(bytes.subarray(start, start + chunkSize))
  }
  return body.finish()
}

describe('BodyStore', () => {
  it.each([
    [0, 1],
    [1000, 7],
    [MEMORY_LIMIT, 65_536],
  ])('holds %i octets in memory', async (size, chunkSize) => {
    const bytes = pattern(size)
    const content = await store(bytes, chunkSize)
    expect(content.size).toBe(size)
    expect(content.bytes?.equals(bytes)).toBe(true)
  })

  it.each([
    [MEMORY_LIMIT + 1, 65_536],
    [MEMORY_LIMIT + 1, MEMORY_LIMIT + 1],
    [3 * MEMORY_LIMIT, 100_003],
    [5 * MEMORY_LIMIT + 5, 2 * MEMORY_LIMIT + 1],
  ])('keeps %i octets in a file, written in chunks of %i', async (size, chunkSize) => {
    const bytes = pattern(size)
    const content = await store(bytes, chunkSize)
    expect([content.size, content.bytes]).toEqual([size, undefined])
    expect((await buffer(content.stream())).equals(bytes)).toBe(true)
    content.close()
  })

  it.runIf(process.platform === 'linux')(
    'makes a file that only its owner can open and that has no name',
    async () => {
      const content = await store(pattern(MEMORY_LIMIT + 1), MEMORY_LIMIT + 1)
      expect(readdirSync(directory)).toEqual([])
      const mine = openFiles().filter(([, path]) => path.startsWith(directory))
      expect(mine.map(([fd]) => fstatSync(fd).mode & 0o777)).toEqual([0o600])
      expect(mine.map(([fd]) => fstatSync(fd).nlink)).toEqual([0])
      content.close()
      expect(openFiles().filter(([, path]) => path.startsWith(directory))).toEqual([])
    },
  )

  it('frees the file when the body is given up', async () => {
    const body = new BodyStore(directory)
    await body.append(pattern(MEMORY_LIMIT + 1))
    body.discard()
    body.discard()
    expect(openFiles().filter(([, path]) => path.startsWith(directory))).toEqual([])
  })

  it('gives what was appended back when nothing of it can be written', async () => {
    const bytes = pattern(MEMORY_LIMIT + 10)
    const body = new BodyStore(join(directory, 'missing'))
    await body.append(bytes.subarray(0, 10))
    await expect(body.append(bytes.subarray(10))).rejects.toMatchObject({ code: 'QUEUE_IO' })
    expect(body.rest().bytes?.equals(bytes)).toBe(true)
  })

  it('has each octet once when writing succeeds at the second attempt', async () => {
    const late = join(directory, 'late')
    const bytes = pattern(2 * MEMORY_LIMIT)
    const body = new BodyStore(late)
    await body.append(bytes.subarray(0, MEMORY_LIMIT))
    await expect(body.append(bytes.subarray(MEMORY_LIMIT))).rejects.toMatchObject({ code: 'QUEUE_IO' })
    mkdirSync(late)
    const content = await body.finish()
    expect((await buffer(content.stream())).equals(bytes)).toBe(true)
    content.close()
    rmSync(late, { recursive: true })
  })

  it('reports a directory that cannot be used, but only when it is needed', async () => {
    const missing = join(directory, 'missing')
    const body = new BodyStore(missing)
    await body.append(pattern(10))
    await expect(body.append(pattern(MEMORY_LIMIT))).rejects.toMatchObject({
      code: 'QUEUE_IO',
      message: expect.stringContaining(`cannot keep the message in ${missing}: `) as string,
    })
  })
})

function openFiles(): [number, string][] {
  const path = '/proc/self/fd'
  if (process.platform !== 'linux') return []
  return readdirSync(path).flatMap((fd): [number, string][] => {
    try {
      return [[Number(fd), readlinkSync(join(path, fd))]]
    } catch {
      return []
    }
  })
}
