/** Promises of src/cli/mail/dead-letter.ts: the message is kept, or one sentence says that it is not. */
import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  deadLetterPath,
  keepDeadLetter,
  keepIfWanted,
  saveDeadLetter,
} from '../../../../src/cli/mail/dead-letter.ts'
import { draft } from '../../../../src/cli/mail/letter.ts'
import { bufferContent } from '../../../../src/message/content.ts'

let home: string

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'mq-dead-'))
})

afterEach(() => rmSync(home, { recursive: true }))

const MESSAGE = Buffer.from('Subject: s\r\n\r\nbody\r\nFrom here\r\n')
const FORM = /^From ann@h\.example .{24}\nSubject: s\n\nbody\n>From here\n\n$/

describe('the place of dead letters', () => {
  it('is a file at home, or that of DEAD in the environment, or that of the variables', () => {
    const variables = new Map<string, string | true>([['DEAD', '~/mine']])
    expect(deadLetterPath({ env: {}, home })).toBe(join(home, 'dead.letter'))
    expect(deadLetterPath({ env: { DEAD: '' }, home })).toBe(join(home, 'dead.letter'))
    expect(deadLetterPath({ env: { DEAD: '/var/dead' }, home })).toBe('/var/dead')
    expect(deadLetterPath({ env: { DEAD: '/var/dead' }, home, variables })).toBe(join(home, 'mine'))
    variables.set('DEAD', true)
    expect(deadLetterPath({ env: { DEAD: 'dead' }, home, variables })).toBe(join(process.cwd(), 'dead'))
  })
})

describe('a dead letter', () => {
  it('is appended in mbox form to a file that only its owner can read', async () => {
    const place = { env: {}, home, sender: 'ann@h.example' }
    const path = await saveDeadLetter(bufferContent(MESSAGE), place)
    expect(path).toBe(join(home, 'dead.letter'))
    expect(readFileSync(path, 'utf8')).toMatch(FORM)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const before = readFileSync(path, 'utf8')
    await saveDeadLetter(MESSAGE, place)
    const after = readFileSync(path, 'utf8')
    expect(after.startsWith(before)).toBe(true)
    expect(after.slice(before.length)).toMatch(FORM)
  })

  it('is kept where no sender is known', async () => {
    const path = await saveDeadLetter(MESSAGE, { env: { DEAD: '~/dead' }, home })
    expect(readFileSync(path, 'utf8')).toMatch(/^From MAILER-DAEMON /)
  })

  it('goes nowhere through a link, and into no directory that is not there: both are told', async () => {
    symlinkSync(join(home, 'target'), join(home, 'dead.letter'))
    const link = join(home, 'dead.letter')
    await expect(saveDeadLetter(MESSAGE, { env: {}, home })).rejects.toMatchObject({
      message: `it cannot be kept in ${link}: it is a symbolic link; name the file itself`,
    })
    await expect(saveDeadLetter(MESSAGE, { env: { DEAD: '/nonexist/x' }, home })).rejects.toMatchObject({
      code: 'QUEUE_IO',
      message: 'it cannot be kept in /nonexist/x: no such directory',
    })
  })
})

describe('the words about a dead letter', () => {
  const words = (DEAD: string) => keepDeadLetter(MESSAGE, { env: { DEAD }, home })

  it('say where it is, or why it is not kept', async () => {
    expect(await words('')).toBe(`it is kept in ${join(home, 'dead.letter')}`)
    expect(await words('/dev/null')).toBe('it is not kept, for DEAD is /dev/null')
    expect(await words('/nonexist/x')).toBe('it cannot be kept in /nonexist/x: no such directory')
  })

  it('say so for a message that cannot be read, too', async () => {
    const content = { ...bufferContent(MESSAGE), bytes: undefined }
    const closed = {
      ...content,
      stream: () => {
        throw new Error('the message was closed before it was read')
      },
    }
    expect(await keepDeadLetter(closed, { env: {}, home })).toBe(
      `it cannot be kept in ${join(home, 'dead.letter')}: the message was closed before it was read`,
    )
  })
})

describe('a letter that was broken off', () => {
  const letter = { subject: 'S', to: ['a@h.example'], cc: [], bcc: [], body: Buffer.from('half\n') }

  it('is kept with its fields, unless save is unset', async () => {
    const variables = new Map<string, string | true>([['save', true]])
    expect(await keepIfWanted(draft(letter), { env: {}, home, variables })).toBe(
      `it is kept in ${join(home, 'dead.letter')}`,
    )
    const text = readFileSync(join(home, 'dead.letter'), 'utf8')
    expect(text).toMatch(/^From MAILER-DAEMON .*\nTo: a@h\.example\nSubject: S\n[^]*\n\nhalf\n\n$/)
    variables.delete('save')
    expect(await keepIfWanted(draft(letter), { env: {}, home, variables })).toBe(
      'it is not kept, for save is unset',
    )
    expect(readFileSync(join(home, 'dead.letter'), 'utf8')).toBe(text)
  })
})
