/** Messages from any input, and inputs that fail. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterAll, describe, expect, it } from 'vitest'
import { MailError } from '../../../src/errors/mail-error.ts'
import { joinContent } from '../../../src/message/content.ts'
import { readMessage } from '../../../src/message/read-message.ts'
import { seeded } from './seeded.ts'

const spillDirectory = mkdtempSync(join(tmpdir(), 'mailqueue-read-'))
afterAll(() => rmSync(spillDirectory, { recursive: true }))

type Input = Parameters<typeof readMessage>[0]

async function read(input: Input | string, dotEnds = false) {
  const from = typeof input === 'string' ? Buffer.from(input, 'latin1') : input
  const { header, body, nulBytes } = await readMessage(from, { dotEnds, spillDirectory })
  const bytes = await buffer(body.stream())
  expect(body.size).toBe(bytes.length)
  body.close()
  return { header: header.all.map((field) => field.raw).join(''), body: bytes.toString('latin1'), nulBytes }
}

async function* pieces(chunks: Iterable<Buffer>): AsyncGenerator<Buffer> {
  for (const chunk of chunks) yield await Promise.resolve(chunk)
}

describe('readMessage', () => {
  it.each([
    ['To: a\nSubject: b\n\nbody\n', 'To: a\r\nSubject: b\r\n', 'body\r\n'],
    ['', '', ''],
    ['just text\nmore', '', 'just text\r\nmore\r\n'],
    ['\nbody', '', 'body\r\n'],
    ['A: 1', 'A: 1\r\n', ''],
    ['A: 1\r\n\r\n\r\nx\r\n', 'A: 1\r\n', '\r\nx\r\n'],
    ['From x@y Mon\nA: 1\nbad line\n\nx', 'A: 1\r\n', 'bad line\r\n\r\nx\r\n'],
  ])('reads %j', async (input, header, body) => {
    expect(await read(input)).toEqual({ header, body, nulBytes: 0 })
  })

  it('ends at a lone dot only when asked to, also inside the header', async () => {
    expect((await read('A: 1\n\nl1\n.\nl2\n', true)).body).toBe('l1\r\n')
    expect((await read('A: 1\n\nl1\n.\n..\n')).body).toBe('l1\r\n.\r\n..\r\n')
    expect(await read('A: 1\n.\nB: 2\n\nx\n', true)).toEqual({ header: 'A: 1\r\n', body: '', nulBytes: 0 })
  })

  it('does not wait for more after the lone dot', async () => {
    let closed = false
    async function* endless() {
      try {
        for (;;) yield await Promise.resolve(Buffer.from('x\n.\n'))
      } finally {
        closed = true
      }
    }
    expect((await read(endless(), true)).body).toBe('x\r\n')
    expect(closed).toBe(true)
  })

  it('counts NUL bytes', async () => {
    expect(await read('A\0: 1\n\n\0x\0\n')).toEqual({ header: 'A: 1\r\n', body: 'x\r\n', nulBytes: 3 })
  })

  it('gives the same message for any input cut in any way', async () => {
    for (let seed = 1; seed <= 500; seed += 1) {
      const random = seeded(seed)
      let text = ''
      for (let count = random.below(12); count > 0; count -= 1) {
        text += random.pick([
          'A: 1\n',
          'B :\r\n x\r',
          '\n',
          '.\n',
          '..',
          '\r',
          '\0',
          'From x\n',
          'text',
          '\xff',
        ])
      }
      for (const dotEnds of [false, true]) {
        const chunks = random.chunks(Buffer.from(text, 'latin1'))
        expect(await read(pieces(chunks), dotEnds), `seed ${seed}`).toEqual(await read(text, dotEnds))
      }
    }
  })

  it('keeps a large body in a file without a name, which joins with a header', async () => {
    const line = `${'x'.repeat(70)}\n`
    const input = Readable.from([Buffer.from('A: 1\n\n'), Buffer.from(line.repeat(50_000))])
    const { body } = await readMessage(input, { dotEnds: true, spillDirectory })
    expect([body.size, body.bytes]).toEqual([72 * 50_000, undefined])
    expect(readdirSync(spillDirectory)).toEqual([])
    const content = joinContent(Buffer.from('H: 1\r\n\r\n'), body)
    const whole = await buffer(content.stream())
    expect(whole.equals(Buffer.from(`H: 1\r\n\r\n${line.replace('\n', '\r\n').repeat(50_000)}`))).toBe(true)
    content.close()
  })
})

describe('an input that cannot be read', () => {
  it('is named as the reason', async () => {
    const input = Readable.from(
      (function* () {
        yield Buffer.from('A: 1\n\n')
        throw new Error('EIO: i/o error, read')
      })(),
    )
    await expect(read(input)).rejects.toMatchObject({
      code: 'INPUT_UNREADABLE',
      exitCode: 65,
      message: 'cannot read the message: EIO: i/o error, read',
    })
  })

  it('passes on a mail error of the input', async () => {
    const refusal = new MailError('MESSAGE_REFUSED', 'too large')
    const input = new Readable({ read: () => undefined })
    input.destroy(refusal)
    await expect(read(input)).rejects.toBe(refusal)
  })

  it('may have too large a header', async () => {
    const line = Buffer.from(`X: ${'x'.repeat(996)}\n`)
    const lines = pieces(Array.from({ length: 4300 }, () => line))
    await expect(read(lines)).rejects.toMatchObject({ code: 'MESSAGE_MALFORMED' })
  })

  it('may be too large for the directory', async () => {
    const options = { dotEnds: false, spillDirectory: join(spillDirectory, 'missing') }
    await expect(readMessage(Buffer.alloc(2 ** 21, 'x'), options)).rejects.toMatchObject({ code: 'QUEUE_IO' })
  })
})
