/** Promises of src/cli/mail/mbox.ts and dot-lock.ts: whole messages, nobody else's harmed, nothing waited for forever. */
import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { takeDotLock } from '../../../../src/cli/mail/dot-lock.ts'
import { appendMbox, fromLine, type MboxAppend } from '../../../../src/cli/mail/mbox.ts'
import { bufferContent, type MessageContent } from '../../../../src/message/content.ts'

let root: string
let path: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mq-mbox-'))
  path = join(root, 'box')
})

afterEach(() => rmSync(root, { recursive: true }))

const HOW: MboxAppend = { action: 'cannot keep it in', noLink: true, whenHeld: 'refuse', patience: 0 }
const isRoot = process.geteuid?.() === 0

/** The same bytes as a stream of pieces, as a large message has them. */
const streamed = (pieces: readonly string[]): MessageContent => ({
  size: pieces.join('').length,
  bytes: undefined,
  stream: () => Readable.from(pieces.map((piece) => Buffer.from(piece, 'latin1'))),
  close: () => undefined,
})

const append = (text: string, how: Partial<MboxAppend> = {}, sender = 'ann@h.example') =>
  appendMbox(path, { content: bufferContent(Buffer.from(text)), sender }, { ...HOW, ...how })

/** The file with its lines before messages made the same. */
const box = () => readFileSync(path, 'latin1').replace(/^From (\S+) .{24}$/gm, 'From $1')

const M1 = 'Subject: 1\r\n\r\none\r\n'

describe('the line before a message', () => {
  it('has the sender and the time of ctime(3)', () => {
    const at = new Date(2026, 1, 3, 4, 5, 6).getTime()
    expect(fromLine('ann@h.example', at)).toBe('From ann@h.example Tue Feb  3 04:05:06 2026\n')
    expect(fromLine('', at)).toMatch(/^From MAILER-DAEMON Tue/)
    expect(fromLine('"a b"@h.example', at)).toMatch(/^From "a-b"@h\.example Tue/)
  })
})

describe('appending', () => {
  it('creates the file with mode 0600, and puts one message behind the other', async () => {
    const before = process.umask(0)
    await append(M1)
    process.umask(before)
    await append('Subject: 2\r\n\r\ntwo')
    expect(box()).toBe('From ann@h.example\nSubject: 1\n\none\n\nFrom ann@h.example\nSubject: 2\n\ntwo\n\n')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readdirSync(root)).toEqual(['box'])
  })

  it.each(['old', 'old\n', 'old\n\n'])(
    'begins after a blank line where the file ends with %j',
    async (old) => {
      writeFileSync(path, old, { mode: 0o640 })
      await append(M1)
      expect(box()).toBe('old\n\nFrom ann@h.example\nSubject: 1\n\none\n\n')
      expect(statSync(path).mode & 0o777).toBe(0o640)
    },
  )

  it('quotes every line that could be taken for the start of a message, wherever the pieces are cut', async () => {
    const text =
      'Subject: q\r\n\r\nFrom a\r\n>From b\r\n>>From c\r\n From d\r\nFrom\r\n\rFrom e\r\nx From f\r\n'
    const lines = 'Subject: q\n\n>From a\n>>From b\n>>>From c\n From d\nFrom\n\rFrom e\nx From f\n'
    for (const cut of [1, 2, 3, 5, 7, 1000]) {
      const pieces = text.match(new RegExp(`[^]{1,${cut}}`, 'g')) ?? []
      await appendMbox(path, { content: streamed(pieces), sender: '' }, HOW)
      expect(box()).toBe(`From MAILER-DAEMON\n${lines}\n`)
      rmSync(path)
    }
  })

  it('holds no line, however long it is, and still sees where the next begins', async () => {
    const part = 'x'.repeat(4_000)
    const pieces = [...Array.from({ length: 8_000 }, () => part), 'From a\r', '\n>>', '>Fro', 'm b\r\n']
    await appendMbox(path, { content: streamed(pieces), sender: '' }, HOW)
    const end = Buffer.from('xFrom a\n>>>>From b\n\n')
    const kept = readFileSync(path)
    expect(kept.subarray(-end.length).toString()).toBe(end.toString())
    expect(kept.length).toBe(
      'From MAILER-DAEMON Tue Feb  3 04:05:06 2026\n'.length + 32_000_000 - 1 + end.length,
    )
  })

  it('keeps bytes of every kind', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
    await appendMbox(path, { content: bufferContent(bytes), sender: 's' }, HOW)
    expect(readFileSync(path).includes(bytes)).toBe(true)
  })

  it('takes a part of a message out again when the rest cannot be had', async () => {
    writeFileSync(path, 'old\n\n')
    const content = {
      ...streamed([]),
      stream: () =>
        Readable.from(
          (function* () {
            yield Buffer.from('Subject: half\r\n\r\n')
            throw new Error('the disk is broken')
          })(),
        ),
    }
    await expect(appendMbox(path, { content, sender: 's' }, HOW)).rejects.toMatchObject({
      code: 'QUEUE_IO',
      message: `cannot keep it in ${path}: the disk is broken`,
    })
    expect(readFileSync(path, 'utf8')).toBe('old\n\n')
    expect(readdirSync(root)).toEqual(['box'])
  })

  it('leaves what another program wrote meanwhile, which knows nothing of the lock', async () => {
    writeFileSync(path, 'old\n\n')
    const content = {
      ...streamed([]),
      stream: () =>
        Readable.from(
          (function* () {
            yield Buffer.from('Subject: half\r\n\r\n')
            appendFileSync(path, 'From other\n\nwhole\n\n')
            throw new Error('the disk is broken')
          })(),
        ),
    }
    await expect(appendMbox(path, { content, sender: 's' }, HOW)).rejects.toMatchObject({
      message: `cannot keep it in ${path}: the disk is broken`,
    })
    expect(readFileSync(path, 'utf8')).toContain('From other\n\nwhole\n\n')
  })

  it('writes nothing to /dev/null', async () => {
    path = '/dev/null'
    await append(M1)
    expect(existsSync('/dev/null.lock')).toBe(false)
  })
})

describe('a file that is refused', () => {
  const refused = async (what: string, how: Partial<MboxAppend> = {}) =>
    expect(append(M1, how)).rejects.toMatchObject({ message: `cannot keep it in ${path}: ${what}` })

  it('is one in a directory that is not there', async () => {
    path = join(root, 'none', 'box')
    await refused('no such directory')
  })

  it('is a directory, a FIFO, or a link where links are refused', async () => {
    mkdirSync(path)
    await refused('it is a directory; name a file')
    path = join(root, 'fifo')
    spawnSync('mkfifo', [path])
    await refused('it is not a regular file')
    path = join(root, 'link')
    symlinkSync(join(root, 'target'), path)
    await refused('it is a symbolic link; name the file itself')
    if (isRoot) await refused('it is a symbolic link; name the file itself', { noLink: false })
    expect(existsSync(join(root, 'target'))).toBe(false)
  })

  it.skipIf(!isRoot)('is one of another user, or one with two names when this is root', async () => {
    writeFileSync(path, '')
    chownSync(path, 65534, 65534)
    await refused('it belongs to another user')
    path = join(root, 'mine')
    writeFileSync(path, '')
    linkSync(path, join(root, 'second'))
    await refused('it has a second name (a hard link)')
    expect(statSync(path).size).toBe(0)
  })
})

describe('the lock', () => {
  const lock = () => `${path}.lock`

  it('is held while the message is written, and says who holds it', async () => {
    const taken = await takeDotLock(path, 0)
    expect(readFileSync(lock(), 'utf8')).toBe(`${process.pid}\n${hostname()}\n`)
    await expect(append(M1)).rejects.toMatchObject({
      code: 'QUEUE_BUSY',
      message: `cannot keep it in ${path}: it is locked; remove ${lock()} if no program has it open`,
    })
    expect(existsSync(path)).toBe(false)
    if (taken.kind === 'taken') taken.release()
    await append(M1)
    expect(readdirSync(root)).toEqual(['box'])
  })

  it('of another program is not taken away, and does not stop what must not be lost', async () => {
    writeFileSync(lock(), '')
    await append(M1, { whenHeld: 'write' })
    expect(box()).toContain('Subject: 1')
    expect(readdirSync(root)).toEqual(['box', 'box.lock'])
  })

  it('is waited for', async () => {
    const taken = await takeDotLock(path, 0)
    const waiting = append(M1, { patience: 20_000 })
    if (taken.kind === 'taken') taken.release()
    await waiting
    expect(box()).toContain('Subject: 1')
  })

  it('of a process of this host that is gone is taken away, and one that is old', async () => {
    const { pid } = spawnSync('true')
    writeFileSync(lock(), `${pid}\n${hostname()}\n`)
    await append(M1, { patience: 20_000 })
    writeFileSync(lock(), '')
    utimesSync(lock(), 1, 1)
    await append(M1, { patience: 20_000 })
    expect(readdirSync(root)).toEqual(['box'])
  })

  it.each(['1\nother.host.example\n', 'x\n', '99999999999\n', '0\n'])('that says %j holds', async (text) => {
    writeFileSync(lock(), text)
    expect(await takeDotLock(path, 0)).toEqual({ kind: 'held' })
    expect(readFileSync(lock(), 'utf8')).toBe(text)
  })

  it('that somebody else has by now is left to him', async () => {
    const taken = await takeDotLock(path, 0)
    rmSync(lock())
    writeFileSync(lock(), 'somebody else')
    if (taken.kind === 'taken') taken.release()
    expect(readFileSync(lock(), 'utf8')).toBe('somebody else')
  })
})
