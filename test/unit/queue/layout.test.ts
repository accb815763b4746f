/**
 * The folders of a queue: made by writers, durable and private, and never by readers.
 */
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ensureLayout, FOLDERS, folderPath, requireQueue } from '../../../src/queue/layout.ts'
import { namesIn, snapshot, temporaryQueue } from '../../helpers/queue-dir.ts'

describe('a queue', () => {
  it('gets all of its folders, for its owner only', async () => {
    const queueDir = temporaryQueue()
    await ensureLayout(queueDir)
    expect(namesIn(queueDir, '.')).toEqual([...FOLDERS].sort())
    for (const folder of ['.', ...FOLDERS]) {
      expect(statSync(join(queueDir, folder)).mode & 0o777).toBe(0o700)
    }
  })

  it('that has them is not touched', async () => {
    const queueDir = temporaryQueue()
    await ensureLayout(queueDir)
    const before = snapshot(queueDir)
    await ensureLayout(queueDir)
    expect(snapshot(queueDir)).toEqual(before)
  })

  it('of mailqueue-runner gets what it lacks, and keeps what it has', async () => {
    const queueDir = temporaryQueue()
    mkdirSync(queueDir)
    for (const folder of ['tmp', 'new', 'cur']) mkdirSync(join(queueDir, folder), { mode: 0o755 })
    writeFileSync(join(queueDir, 'new', 'a'), 'x')
    await ensureLayout(queueDir)
    expect(namesIn(queueDir, '.')).toEqual([...FOLDERS].sort())
    expect(namesIn(queueDir, 'new')).toEqual(['a'])
    expect(statSync(join(queueDir, 'new')).mode & 0o777).toBe(0o755)
  })

  it('is not made where its parent does not exist: that may be a file system that is not mounted', async () => {
    const queueDir = temporaryQueue()
    rmSync(dirname(queueDir), { recursive: true })
    await expect(ensureLayout(queueDir)).rejects.toMatchObject({ code: 'CONFIG_MISSING' })
    expect(() => statSync(dirname(queueDir))).toThrow('ENOENT')
  })

  it('is not made of a directory for something else, but of an empty one and of a new file system', async () => {
    const other = temporaryQueue()
    mkdirSync(join(other, 'lost+found'), { recursive: true })
    writeFileSync(join(other, '.hidden'), '')
    await ensureLayout(other)
    expect(namesIn(other, '.')).toEqual(expect.arrayContaining([...FOLDERS]))
    const wrong = temporaryQueue()
    mkdirSync(wrong)
    writeFileSync(join(wrong, 'passwd'), '')
    const refusal = expect.objectContaining({ code: 'CONFIG_INVALID' }) as unknown
    await expect(ensureLayout(wrong)).rejects.toEqual(refusal)
    expect(() => requireQueue(wrong)).toThrow(refusal)
    expect(namesIn(wrong, '.')).toEqual(['passwd'])
  })

  it('is not made below a file, nor is a file taken for one', async () => {
    const file = temporaryQueue()
    writeFileSync(file, '')
    await expect(ensureLayout(join(file, 'queue'))).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    await expect(ensureLayout(file)).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  })
})

describe('a reader', () => {
  it('wants a queue that exists and makes none', () => {
    const queueDir = temporaryQueue()
    expect(() => requireQueue(queueDir)).toThrow(expect.objectContaining({ code: 'CONFIG_MISSING' }))
    expect(() => statSync(queueDir)).toThrow('ENOENT')
    writeFileSync(queueDir, '')
    expect(() => requireQueue(queueDir)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
  })
})

describe('a path in the queue', () => {
  it('is that of the folder, or of a file in it', () => {
    expect(folderPath('/q', 'new')).toBe('/q/new')
    expect(folderPath('/q', 'new', 'a:1,b')).toBe('/q/new/a:1,b')
  })
})
