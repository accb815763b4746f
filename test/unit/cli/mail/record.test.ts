/** Promises of src/cli/mail/record.ts: a copy where it is asked for, and one line where it cannot be kept. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { recordMail, recordPath } from '../../../../src/cli/mail/record.ts'
import { bufferContent } from '../../../../src/message/content.ts'

let home: string

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'mq-record-'))
})

afterEach(() => rmSync(home, { recursive: true }))

const pathFor = (variables: Record<string, string | true>) =>
  recordPath(new Map(Object.entries(variables)), { home: '/home/ann' })

describe('the file for copies', () => {
  it('is none where record is not set, or has no value', () => {
    expect(pathFor({})).toBeUndefined()
    expect(pathFor({ record: true, folder: 'mail', outfolder: true })).toBeUndefined()
    expect(pathFor({ record: '' })).toBeUndefined()
  })

  it.each([
    ['/var/copies', '/var/copies'],
    ['~/sent', '/home/ann/sent'],
    ['sent', resolve('sent')],
    ['+sent', resolve('+sent')],
  ])('%s is %s where there is no folder', (record, path) => {
    expect(pathFor({ record })).toBe(path)
    expect(pathFor({ record, folder: true, outfolder: true })).toBe(path)
  })

  it.each([
    ['mail', '/home/ann/mail/sent'],
    ['~/mail', '/home/ann/mail/sent'],
    ['/var/mail', '/var/mail/sent'],
  ])('is in the folder %s with a + or with outfolder', (folder, path) => {
    expect(pathFor({ record: '+sent', folder })).toBe(path)
    expect(pathFor({ record: 'sent', folder, outfolder: true })).toBe(path)
    expect(pathFor({ record: 'sent', folder })).toBe(resolve('sent'))
    expect(pathFor({ record: '/x', folder, outfolder: true })).toBe('/x')
    expect(pathFor({ record: '~/x', folder, outfolder: true })).toBe('/home/ann/x')
  })
})

describe('recording', () => {
  const record = async (name: string): Promise<string[]> => {
    const said: string[] = []
    const where = {
      home,
      variables: new Map<string, string | true>([['record', name]]),
      complain: (line: string) => void said.push(line),
    }
    const message = bufferContent(Buffer.from('Subject: s\r\n\r\nbody\r\n'))
    await recordMail(message, { sender: 'ann@h.example' }, where)
    return said
  }

  it('appends a copy in mbox form', async () => {
    expect(await record('~/sent')).toEqual([])
    expect(readFileSync(join(home, 'sent'), 'utf8')).toMatch(
      /^From ann@h\.example .{24}\nSubject: s\n\nbody\n\n$/,
    )
    expect(statSync(join(home, 'sent')).mode & 0o777).toBe(0o600)
  })

  it('says one line where the copy cannot be kept', async () => {
    expect(await record('~/none/sent')).toEqual([
      `a copy cannot be kept in ${join(home, 'none/sent')}: no such directory`,
    ])
    mkdirSync(join(home, 'maildir'))
    expect(await record('~/maildir')).toEqual([
      `a copy cannot be kept in ${join(home, 'maildir')}: it is a directory; name a file`,
    ])
  })

  it('says and writes nothing for /dev/null and where no copy is wanted', async () => {
    expect(await record('/dev/null')).toEqual([])
    expect(await record('')).toEqual([])
  })
})
