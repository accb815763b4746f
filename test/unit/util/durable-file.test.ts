/**
 * The file operations that durability rests on do what they say or throw.
 */
import { spawnSync } from 'node:child_process'
import {
  chownSync,
  closeSync,
  existsSync,
  fstatSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  appendText,
  createExclusive,
  giveToOwner,
  openForReading,
  syncData,
  syncDirectory,
  syncFile,
  unlinkFile,
  writeAll,
  writePair,
} from '../../../src/util/durable-file.ts'
import { temporaryQueue } from '../../helpers/queue-dir.ts'

function directory(): string {
  const path = temporaryQueue()
  mkdirSync(path)
  return path
}

describe('a file that must be new', () => {
  it('is created for its owner only', () => {
    const path = join(directory(), 'a')
    closeSync(createExclusive(path))
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(path).size).toBe(0)
  })

  it('is never one that exists, nor made through a link that leads nowhere', () => {
    const dir = directory()
    writeFileSync(join(dir, 'a'), 'x')
    symlinkSync(join(dir, 'target'), join(dir, 'link'))
    expect(() => createExclusive(join(dir, 'a'))).toThrow('EEXIST')
    expect(() => createExclusive(join(dir, 'link'))).toThrow('EEXIST')
    expect(readFileSync(join(dir, 'a'), 'utf8')).toBe('x')
    expect(() => statSync(join(dir, 'target'))).toThrow('ENOENT')
  })
})

describe('opening for reading', () => {
  it('does not follow a symbolic link', () => {
    const dir = directory()
    writeFileSync(join(dir, 'a'), 'x')
    symlinkSync(join(dir, 'a'), join(dir, 'link'))
    expect(() => openForReading(join(dir, 'link'))).toThrow('ELOOP')
  })

  it('does not wait for a writer of a FIFO', () => {
    const path = join(directory(), 'fifo')
    expect(spawnSync('mkfifo', [path]).status).toBe(0)
    const fd = openForReading(path)
    expect(fstatSync(fd).isFIFO()).toBe(true)
    closeSync(fd)
  })
})

describe.runIf(process.getuid?.() === 0)('what root makes in the directory of another user', () => {
  it('is given to that user, and of a link in its place the link alone', () => {
    const dir = directory()
    const [made, secret, link] = [join(dir, 'made'), join(directory(), 'secret'), join(dir, 'link')]
    mkdirSync(made)
    writeFileSync(secret, '')
    symlinkSync(secret, link)
    chownSync(dir, 65_534, 65_534)
    for (const path of [made, link]) giveToOwner(path, dir)
    expect([made, link].map((path) => lstatSync(path).uid)).toEqual([65_534, 65_534])
    expect(statSync(secret).uid).toBe(0)
  })
})

describe('writing', () => {
  it.each([
    [0, 0],
    [0, 5],
    [5, 0],
    [3, 2_000_000],
    [2_000_000, 3],
  ])('puts %i and %i bytes one after the other', (left, right) => {
    const path = join(directory(), 'a')
    const fd = createExclusive(path)
    writePair(fd, Buffer.alloc(left, 'a'), Buffer.alloc(right, 'b'))
    writeAll(fd, Buffer.from('end'))
    closeSync(fd)
    const text = readFileSync(path, 'latin1')
    expect(text === `${'a'.repeat(left)}${'b'.repeat(right)}end`).toBe(true)
  })

  it('throws the error of the system when the device is full', () => {
    const full = openSync('/dev/full', 'w')
    expect(() => writeAll(full, Buffer.from('x'))).toThrow('ENOSPC')
    expect(() => writePair(full, Buffer.from('x'), Buffer.from('y'))).toThrow('ENOSPC')
    closeSync(full)
  })
})

describe('syncing', () => {
  it('rejects for a descriptor that cannot be synced', async () => {
    const pipe = openSync('/dev/null', 'w')
    await expect(syncFile(pipe)).rejects.toThrow('EINVAL')
    await expect(syncData(pipe)).rejects.toThrow('EINVAL')
    closeSync(pipe)
  })

  it('resolves for files and directories', async () => {
    const dir = directory()
    const fd = createExclusive(join(dir, 'a'))
    await syncFile(fd)
    await syncData(fd)
    closeSync(fd)
    await syncDirectory(dir)
  })

  it('rejects for a directory that is none', async () => {
    const dir = directory()
    writeFileSync(join(dir, 'a'), '')
    await expect(syncDirectory(join(dir, 'a'))).rejects.toThrow('ENOTDIR')
    await expect(syncDirectory(join(dir, 'none'))).rejects.toThrow('ENOENT')
  })
})

describe('appending', () => {
  it('creates the file for its owner only and adds at its end', async () => {
    const path = join(directory(), 'log')
    await appendText(path, 'one\n', false)
    await appendText(path, 'zwölf\n', true)
    expect(readFileSync(path, 'utf8')).toBe('one\nzwölf\n')
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  it('does not write through a symbolic link', async () => {
    const dir = directory()
    symlinkSync(join(dir, 'target'), join(dir, 'log'))
    await expect(appendText(join(dir, 'log'), 'x', true)).rejects.toThrow('ELOOP')
    expect(() => statSync(join(dir, 'target'))).toThrow('ENOENT')
  })
})

describe.runIf(process.getuid?.() === 0)('what root creates in the directory of somebody else', () => {
  const NOBODY = 65534
  const foreign = (): string => {
    const path = directory()
    chownSync(path, NOBODY, NOBODY)
    return path
  }

  it('belongs to the owner of the directory', async () => {
    const path = foreign()
    closeSync(createExclusive(join(path, 'a')))
    await appendText(join(path, 'b'), 'one\n', true)
    await appendText(join(path, 'b'), 'two\n', true)
    expect([statSync(join(path, 'a')).uid, statSync(join(path, 'b')).uid]).toEqual([NOBODY, NOBODY])
    expect(readFileSync(join(path, 'b'), 'utf8')).toBe('one\ntwo\n')
  })

  it('is never another file, which its owner may have linked there', async () => {
    const path = foreign()
    const secret = join(directory(), 'secret')
    writeFileSync(secret, 'untouched')
    linkSync(secret, join(path, 'hard'))
    symlinkSync(secret, join(path, 'soft'))
    for (const name of ['hard', 'soft'])
      await expect(appendText(join(path, name), 'x', true)).rejects.toThrow()
    expect(readFileSync(secret, 'utf8')).toBe('untouched')
    expect(statSync(secret).uid).toBe(0)
  })
})

describe('a name that is removed', () => {
  it('is gone when the promise is fulfilled, and a name that is not there is an error', async () => {
    const path = join(directory(), 'a')
    writeFileSync(path, '')
    await unlinkFile(path)
    expect(existsSync(path)).toBe(false)
    await expect(unlinkFile(path)).rejects.toMatchObject({ code: 'ENOENT' })
  })
})
