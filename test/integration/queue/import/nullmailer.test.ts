/** The queue of nullmailer, also with the program itself where it is installed. */
import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { detectFormat } from '../../../../src/queue/import/detect-format.ts'
import { itemsOf, onlyMessage, queueOf, scratch, whyOf } from './files.ts'

const NAME = '1795733519.28833'
const MESSAGE =
  'Received: (nullmailer pid 28833 invoked by uid 0);\n\tThu, 26 Nov 2026 22:51:59 -0000\nSubject: hi\n\nbody\n'

describe('a message of nullmailer', () => {
  it('has its envelope in front of it, one address on a line', async () => {
    const queue = queueOf({ [`queue/${NAME}`]: `a@x.example\n"b,c"@x.example\nd@x.example\n\n${MESSAGE}` }, [
      'failed',
      'tmp',
    ])
    const message = await onlyMessage(queue, 'nullmailer')
    expect(message).toMatchObject({
      envelope: { sender: 'a@x.example', recipients: ['"b,c"@x.example', 'd@x.example'] },
      failed: false,
      queuedAt: 1_795_733_519_000,
    })
    expect(message.content.bytes?.toString()).toBe(MESSAGE.replaceAll('\n', '\r\n'))
    await message.remove()
    expect(readdirSync(join(queue, 'queue'))).toEqual([])
  })

  it.each([
    ['', ''],
    ['<>', ''],
  ])('with the sender "%s" is a bounce', async (line, sender) => {
    const queue = queueOf({ [`queue/${NAME}`]: `${line}\nb@x.example\n\n${MESSAGE}` })
    expect((await onlyMessage(queue, 'nullmailer')).envelope).toEqual({ sender, recipients: ['b@x.example'] })
  })

  it('was given up when it is in failed/', async () => {
    const queue = queueOf({ [`failed/${NAME}`]: `a@x.example\nb@x.example\n\n${MESSAGE}` }, ['queue'])
    expect((await onlyMessage(queue, 'nullmailer')).failed).toBe(true)
    expect((await onlyMessage(join(queue, 'failed'), 'nullmailer')).failed).toBe(true)
    expect((await onlyMessage(join(queue, 'failed', NAME), 'nullmailer')).failed).toBe(true)
  })

  it('is not imported when it is torn or something else', async () => {
    const queue = queueOf({
      'queue/sender-only': 'a@x.example\n',
      'queue/within-recipients': 'a@x.example\nb@x.example\nc@x.exa',
      'queue/no-recipient': `a@x.example\n\n${MESSAGE}`,
      'queue/no-message': 'a@x.example\nb@x.example\n\n',
      'queue/mail': MESSAGE,
      'queue/text': 'a@x.example\nb@x.example\n\nno header\n',
      'queue/bad': `a@x.example\nb@x.example\nc d@x.example\n\n${MESSAGE}`,
    })
    expect(await whyOf(queue, 'nullmailer')).toEqual({
      'queue/sender-only': 'it ends before its envelope does',
      'queue/within-recipients': 'it ends before its envelope does',
      'queue/no-recipient': 'the envelope has no recipient',
      'queue/no-message': 'it has an envelope but no message',
      'queue/mail': 'its first line is no address',
      'queue/text': 'no header follows the envelope',
      'queue/bad': expect.stringContaining('"c d@x.example" is not a mail address') as string,
    })
  })
})

const PROGRAM = '/usr/sbin/nullmailer-queue'

describe.skipIf(!existsSync(PROGRAM))('the real nullmailer-queue', () => {
  it('writes what is read here', async () => {
    const prefix = scratch()
    for (const folder of ['queue', 'tmp', 'failed'])
      mkdirSync(join(prefix, 'queue', folder), { recursive: true })
    // A copy, because it belongs to another user once it is installed, and then takes no other spool.
    const program = join(prefix, 'nullmailer-queue')
    copyFileSync(PROGRAM, program)
    chmodSync(program, 0o755)
    for (const input of [
      'a@x.example\n"b,c"@x.example\n\nSubject: 1\n\none\n',
      '\nd@x.example\n\nSubject: 2\n\ntwo\n',
    ]) {
      const env = { ...process.env, NULLMAILER_TEST_PREFIX: prefix }
      expect(spawnSync(program, { env, input, encoding: 'utf8' })).toMatchObject({ status: 0 })
    }
    const queue = join(prefix, 'queue')
    expect(await detectFormat(queue)).toEqual({ kind: 'found', format: 'nullmailer' })
    const items = [...(await itemsOf(queue, 'nullmailer')).values()]
    const seen = items.map((item) => (item.kind === 'message' ? item.envelope : item.why))
    expect(seen).toContainEqual({ sender: 'a@x.example', recipients: ['"b,c"@x.example'] })
    expect(seen).toContainEqual({ sender: '', recipients: ['d@x.example'] })
    expect(seen).toHaveLength(2)
  })
})
