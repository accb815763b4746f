/** What holds for foreign queues of every kind. */
import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { detectFormat } from '../../../../src/queue/import/detect-format.ts'
import { readForeign } from '../../../../src/queue/import/read-foreign.ts'
import { queueContents, snapshot, storedIn } from '../../../helpers/queue-dir.ts'
import { onlyMessage, queueOf, scratch, whyOf } from './files.ts'
import { testQueue } from '../maildir.ts'

const ZOPE = 'X-Zope-From: a@x\nX-Zope-To: b@x\nSubject: s\n\nbody\n'
const CPS = `X-Zope-From: a@x\nX-Zope-To: b@x\nX-Zope-Hostname: None\nX-Zope-Port: None\nX-Zope-Username: None\nX-Zope-Password: None\nSubject: s\n\nbody\n`
const REPOZE = 'Subject: s\nX-Actually-From: a@x\nX-Actually-To: b@x\n\nbody\n'
const RUNNER = 'Return-path: <a@x>\r\nEnvelope-to: b@x\r\nX-Queue-Meta-End: end\r\nSubject: s\r\n\r\nbody\r\n'
const NULLMAILER = 'a@x\nb@x\n\nSubject: s\n\nbody\n'
const EML = 'From: a@x\nTo: b@x\nBcc: c@x\nSubject: s\n\nbody\n'

describe('files that are no messages', () => {
  it('are skipped with the reason, never followed, and never waited for', async () => {
    const queue = queueOf({ 'new/good': ZOPE, outside: ZOPE }, ['new/folder'])
    symlinkSync('../../outside', join(queue, 'new/link'))
    expect(spawnSync('mkfifo', [join(queue, 'new/fifo')]).status).toBe(0)
    const before = snapshot(queue)
    expect(await whyOf(queue, 'zope')).toEqual({
      'new/good': 'message',
      'new/folder': 'not a regular file',
      'new/link': 'it is a symbolic link',
      'new/fifo': 'not a regular file',
    })
    expect(snapshot(queue)).toEqual(before)
  })

  it('include those that may not be read', async () => {
    const queue = queueOf({ 'new/secret': ZOPE, 'new/good': ZOPE })
    chmodSync(join(queue, 'new/secret'), 0)
    chmodSync(join(queue, 'new/good'), 0o644)
    for (const path of [queue, join(queue, 'new')]) chmodSync(path, 0o755)
    const isRoot = process.geteuid?.() === 0
    if (isRoot) process.seteuid?.(65534)
    try {
      expect(await whyOf(queue, 'zope')).toEqual({
        'new/secret': expect.stringContaining('permission denied') as string,
        'new/good': 'message',
      })
    } finally {
      if (isRoot) process.seteuid?.(0)
    }
  })

  it('end the import when it is the whole queue that cannot be read', async () => {
    const queue = queueOf({}, ['elsewhere'])
    await expect(whyOf(join(queue, 'nothing'), 'zope')).rejects.toMatchObject({ code: 'INPUT_MISSING' })
    symlinkSync('elsewhere', join(queue, 'new'))
    await expect(whyOf(queue, 'zope')).rejects.toMatchObject({ code: 'INPUT_UNREADABLE' })
  })
})

describe('a message without an envelope', () => {
  it('needs one from the caller, and loses Bcc', async () => {
    const queue = queueOf({ 'one.eml': EML })
    expect(await whyOf(queue, 'eml')).toEqual({ 'one.eml': 'its sender is not known; name one with --from' })
    expect(await whyOf(queue, 'eml', { from: '' })).toEqual({
      'one.eml': 'its recipients are not known; name them with --to',
    })
    const message = await onlyMessage(join(queue, 'one.eml'), 'eml', {
      from: '',
      to: ['Ann <d@x>, e@x', 'f@x'],
    })
    expect(message.envelope).toEqual({ sender: '', recipients: ['d@x', 'e@x', 'f@x'] })
    expect(message.content.bytes?.toString()).toBe('From: a@x\r\nTo: b@x\r\nSubject: s\r\n\r\nbody\r\n')
  })

  it('is said to lack NUL octets that were in it', async () => {
    const queue = queueOf({ 'one.eml': 'Subject: s\n\na\0b\0\n' })
    const message = await onlyMessage(queue, 'eml', { from: 'a@x', to: ['b@x'] })
    expect(message.content.bytes?.toString()).toBe('Subject: s\r\n\r\nab\r\n')
    expect(message.notes).toEqual(['2 NUL octets were left out'])
  })
})

describe('a large message', () => {
  it('is streamed, also where a header field is taken out', async () => {
    const body = `${'x'.repeat(99)}\n`.repeat(52_428)
    const queue = queueOf({ 'new/large': `${REPOZE.slice(0, REPOZE.indexOf('\n\n') + 2)}${body}` })
    const { content } = await onlyMessage(queue, 'repoze')
    expect(content.bytes).toBeUndefined()
    expect(content.size).toBe('Subject: s\r\n\r\n'.length + 52_428 * 101)
    const { store, queueDir } = testQueue()
    await store.enqueue({ envelope: { sender: 'a@x', recipients: ['b@x'] }, content })
    content.close()
    const [stored] = storedIn(queueDir, 'new')
    expect(stored?.bytes.equals(Buffer.from(`Subject: s\r\n\r\n${body.replaceAll('\n', '\r\n')}`))).toBe(true)
    expect(queueContents(queueDir)).toEqual({ new: ['b@x=pending'] })
  })

  it('that cannot be kept ends the import: it is no fault of the message', async () => {
    const queue = queueOf({ 'new/large': ZOPE + 'x'.repeat(2_000_000) })
    const spillDirectory = join(scratch(), 'gone')
    await expect(whyOf(queue, 'zope', { spillDirectory })).rejects.toMatchObject({ code: 'QUEUE_IO' })
    expect(readFileSync(join(queue, 'new/large'), 'latin1')).toHaveLength(ZOPE.length + 2_000_000)
  })
})

describe('removing a message', () => {
  it('is refused once another program has taken or changed it', async () => {
    const queue = queueOf({ 'new/m': ZOPE })
    const changed = await onlyMessage(queue, 'zope')
    appendFileSync(join(queue, 'new/m'), 'more\n')
    await expect(changed.remove()).rejects.toMatchObject({ code: 'QUEUE_BUSY' })
    expect(readFileSync(join(queue, 'new/m'), 'utf8')).toBe(`${ZOPE}more\n`)
    const taken = await onlyMessage(queue, 'zope')
    rmSync(join(queue, 'new/m'))
    await expect(taken.remove()).rejects.toThrow('it may be sent twice')
  })

  it('goes on message by message while the queue is read', async () => {
    const queue = queueOf(Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`new/${at}`, ZOPE])))
    let count = 0
    for await (const item of readForeign(queue, 'zope', { spillDirectory: queue })) {
      if (item.kind === 'message') await item.remove()
      count += 1
    }
    expect(count).toBe(100)
    expect(await whyOf(queue, 'zope')).toEqual({})
  })
})

describe('the format of a queue', () => {
  it.each([
    ['zope', { 'new/m': ZOPE }],
    ['cps', { 'new/m': CPS }],
    ['repoze', { 'new/m': REPOZE, 'cur/torn': 'Subj' }],
    ['mailqueue-runner', { 'new/m': RUNNER }],
    ['nullmailer', { 'queue/m': NULLMAILER }],
    ['msmtpq', { 'm.mail': EML, 'm.msmtp': '-t -f a@x\n', 'msmtp.queue.log': 'x' }],
  ])('is found: %s', async (format, files: Record<string, string>) => {
    const queue = queueOf(files)
    const before = snapshot(queue)
    expect(await detectFormat(queue)).toEqual({ kind: 'found', format })
    expect(await detectFormat(join(queue, Object.keys(files)[0] ?? ''))).toEqual({ kind: 'found', format })
    expect(snapshot(queue)).toEqual(before)
  })

  it.each([
    ['two programs', { 'new/a': ZOPE, 'new/b': REPOZE }, ['zope', 'repoze']],
    ['messages of which each has an owner', { 'new/a': ZOPE, 'new/b': RUNNER }, ['mailqueue-runner', 'zope']],
    ['messages without an envelope', { 'new/a': EML }, ['eml']],
    ['something else', { 'new/a': '\0\0\0' }, []],
  ])('is never guessed: %s', async (_, files: Record<string, string>, candidates) => {
    expect(await detectFormat(queueOf(files))).toEqual({ kind: 'unclear', candidates })
  })

  it('is unclear when fields of one program are in the messages of another', async () => {
    const both = `X-Zope-From: a@x\nX-Zope-To: b@x\n${REPOZE}`
    expect(await detectFormat(queueOf({ 'new/a': both }))).toEqual({
      kind: 'unclear',
      candidates: ['zope', 'repoze'],
    })
  })

  it('is none of an empty queue', async () => {
    const queue = queueOf({}, ['new', 'cur', 'tmp'])
    mkdirSync(join(queue, 'queue'))
    writeFileSync(join(queue, 'new/.keep'), '')
    expect(await detectFormat(queue)).toEqual({ kind: 'empty' })
  })
})
