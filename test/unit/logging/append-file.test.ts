/** Promises of src/logging/append-file.ts: whole lines, safe to rename, one complaint, no exception. */
import {
  chownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { appendFileWriter, descriptorWriter } from '../../../src/logging/append-file.ts'

let root: string
let complaints: string[]
const complain = (line: string): void => void complaints.push(line)

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mq-append-'))
  complaints = []
})

afterEach(() => rmSync(root, { recursive: true }))

describe('appendFileWriter', () => {
  it('creates the file at the first line only, with mode 0640', () => {
    const path = join(root, 'log')
    const writer = appendFileWriter(path, complain)
    expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined()
    const before = process.umask(0)
    writer.write('one\n')
    process.umask(before)
    writer.close()
    expect(statSync(path).mode & 0o777).toBe(0o640)
    expect(readFileSync(path, 'utf8')).toBe('one\n')
  })

  it('appends to what is there', () => {
    const path = join(root, 'log')
    for (const line of ['one\n', 'two\n']) {
      const writer = appendFileWriter(path, complain)
      writer.write(line)
      writer.close()
    }
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n')
  })

  it('goes on in a new file when the old one was renamed', () => {
    const path = join(root, 'log')
    const writer = appendFileWriter(path, complain)
    writer.write('one\n')
    renameSync(path, `${path}.1`)
    writer.write('two\n')
    writer.close()
    expect(readFileSync(`${path}.1`, 'utf8')).toBe('one\n')
    expect(readFileSync(path, 'utf8')).toBe('two\n')
  })

  it('complains once about a directory that does not exist, and never throws', () => {
    const path = join(root, 'none', 'log')
    const writer = appendFileWriter(path, complain)
    writer.write('one\n')
    writer.write('two\n')
    expect(complaints).toHaveLength(1)
    expect(complaints[0]).toContain(`cannot write the log ${path}: ENOENT`)
  })

  it.runIf(process.platform === 'linux')('complains once about a full disk', () => {
    const writer = appendFileWriter('/dev/full', complain)
    writer.write('one\n')
    writer.write('two\n')
    writer.close()
    expect(complaints).toHaveLength(1)
    expect(complaints[0]).toContain('ENOSPC')
  })

  it('does not wait for somebody to read a named pipe', () => {
    const path = join(root, 'pipe')
    expect(spawnSync('mkfifo', [path]).status).toBe(0)
    appendFileWriter(path, complain).write('one\n')
    expect(complaints).toHaveLength(1)
    expect(complaints[0]).toContain('ENXIO')
  })
})

describe('descriptorWriter', () => {
  it('complains once about a descriptor that is not open', () => {
    const writer = descriptorWriter(9999, complain)
    writer.write('one\n')
    writer.write('two\n')
    expect(complaints).toEqual([expect.stringContaining('descriptor 9999: EBADF')])
  })
})

describe.runIf(process.getuid?.() === 0)('a log of root in the directory of another user', () => {
  const NOBODY = 65_534
  let path: string
  const write = (): void => {
    const writer = appendFileWriter(path, complain)
    writer.write('one\n')
    writer.close()
  }

  beforeEach(() => {
    const directory = join(root, 'theirs')
    mkdirSync(directory)
    chownSync(directory, NOBODY, NOBODY)
    path = join(directory, 'log')
  })

  it('belongs to that user, whose programs write there too', () => {
    write()
    expect(statSync(path)).toMatchObject({ uid: NOBODY, gid: NOBODY, size: 4 })
    write()
    expect(statSync(path)).toMatchObject({ uid: NOBODY, size: 8 })
    expect(complaints).toEqual([])
  })

  it.each([
    ['a symbolic link', symlinkSync],
    ['a second name', linkSync],
  ])('is not written where %s leads', (_what, link) => {
    const secret = join(root, 'secret')
    writeFileSync(secret, 'before\n')
    link(secret, path)
    write()
    expect(readFileSync(secret, 'utf8')).toBe('before\n')
    expect(complaints).toEqual([expect.stringContaining(`cannot write the log ${path}`)])
  })

  it('is not made where a symbolic link leads to nothing', () => {
    symlinkSync(join(root, 'fresh'), path)
    write()
    expect(statSync(join(root, 'fresh'), { throwIfNoEntry: false })).toBeUndefined()
    expect(complaints).toHaveLength(1)
  })
})
