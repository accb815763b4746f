/** Files that only their owner reads, and the lock beside them. */
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { replacePrivateFile, reservePrivateFile, withLock } from '../../../src/util/private-file.ts'

function place(): string {
  const directory = mkdtempSync(join(tmpdir(), 'mailqueue-private-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  return directory
}

describe('a private file', () => {
  it('is replaced as a whole, mode 0600', async () => {
    const directory = place()
    const file = join(directory, 'f')
    writeFileSync(file, 'an old and long text', { mode: 0o644 })
    await replacePrivateFile(file, 'new')
    expect([readFileSync(file, 'utf8'), statSync(file).mode & 0o777]).toEqual(['new', 0o600])
    expect(readdirSync(directory)).toEqual(['f'])
  })

  it('has its room before its text, and leaves nothing when it is not needed', async () => {
    const directory = place()
    const file = join(directory, 'f')
    const room = await reservePrivateFile(file, 4096)
    expect(readdirSync(directory).map((name) => statSync(join(directory, name)).size)).toEqual([4096])
    await room.replace('short')
    expect(readFileSync(file, 'utf8')).toBe('short')
    const other = await reservePrivateFile(file, 4096)
    other.release()
    expect([readFileSync(file, 'utf8'), readdirSync(directory)]).toEqual(['short', ['f']])
  })
})

describe('a lock', () => {
  const old = new Date(Date.now() - 3_600_000)

  /** How many of three who want the lock ever had it at the same time. */
  async function mostInside(lock: string): Promise<number> {
    let [inside, most] = [0, 0]
    const work = async (): Promise<void> => {
      most = Math.max(most, ++inside)
      await new Promise((resolve) => setImmediate(resolve))
      inside--
    }
    await Promise.all([withLock(lock, work), withLock(lock, work), withLock(lock, work)])
    return most
  }

  it('lets one at a time through', async () => {
    const lock = join(place(), 'lock')
    const most = await mostInside(lock)
    expect([most, existsSync(lock)]).toEqual([1, false])
  })

  it('that somebody left behind is broken by one of those who wait', async () => {
    const lock = join(place(), 'lock')
    writeFileSync(lock, '')
    utimesSync(lock, old, old)
    const most = await mostInside(lock)
    expect([most, existsSync(lock), existsSync(`${lock}.stale`)]).toEqual([1, false, false])
  })

  it('of somebody else is not removed by one who took too long', async () => {
    const lock = join(place(), 'lock')
    await withLock(lock, () => {
      rmSync(lock)
      writeFileSync(join(lock, '..', 'keeps the inode'), '')
      writeFileSync(lock, '')
      return Promise.resolve()
    })
    expect(existsSync(lock)).toBe(true)
  })

  it('is waited for as long as the caller wants', async () => {
    const lock = join(place(), 'lock')
    writeFileSync(lock, '')
    const patience = new AbortController()
    const waiting = withLock(lock, () => Promise.resolve(), patience.signal)
    patience.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    expect(existsSync(lock)).toBe(true)
  })
})
