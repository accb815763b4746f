/** A body that is streamed from a file gives the same message as one in memory, wherever its portions begin and end. */
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { composeMail, type MailParts } from '../../../../src/message/compose/compose.ts'
import { bufferContent, type MessageContent } from '../../../../src/message/content.ts'
import { splitContent } from '../../../../src/message/split-content.ts'
import { composed } from './composed.ts'
import { seeded, type Seeded } from '../seeded.ts'

const parts = (body: MailParts['body'], headers: MailParts['headers']): MailParts => ({
  from: 'a@x.org',
  to: ['b@x.org'],
  cc: [],
  headers,
  body,
  date: 0,
  messageId: '<id@x.org>',
})

/** Content as from a file: not in memory, and in portions that the generator cuts. */
const streamed = (bytes: Buffer, random: Seeded): MessageContent => ({
  size: bytes.length,
  bytes: undefined,
  stream: () => Readable.from(random.chunks(bytes), { objectMode: false }),
  close: () => undefined,
})

const PIECES = ['x', ' ', 'word ', '\n', '\r\n', '=', '=3D', '=\n', 'é', '名', '🎈', 'x'.repeat(999)] as const
const RARE = ['\r', '\0', '\xff', '\xf0\x9f', '\xc3'] as const
const HEADERS: readonly [MailParts['headers'], ...MailParts['headers'][]] = [
  [],
  [['Content-Transfer-Encoding', 'base64']],
  [['Content-Transfer-Encoding', 'quoted-printable']],
  [['Content-Type', 'application/pdf']],
  [['Content-Type', 'multipart/mixed; boundary=x']],
]

function randomBody(random: Seeded): Buffer {
  const isRare = random.below(2) === 0
  return Buffer.concat(
    Array.from({ length: random.below(60) }, () =>
      isRare && random.below(10) === 0
        ? Buffer.from(random.pick(RARE), 'latin1')
        : Buffer.from(random.pick(PIECES)),
    ),
  )
}

describe('a streamed body', () => {
  it.each(Array.from({ length: 150 }, (_, seed) => seed))(
    'is written as one in memory (%i)',
    async (seed) => {
      const random = seeded(seed)
      const body = randomBody(random)
      const headers = random.pick(HEADERS)
      const expected = await composed(parts(body, headers))
      expect(await composed(parts(streamed(body, random), headers))).toEqual(expected)
    },
  )

  it('that cannot be read makes no message, and the message may be tried again', async () => {
    const broken: MessageContent = {
      size: 2_000_000,
      bytes: undefined,
      stream: () =>
        Readable.from(
          (async function* () {
            yield Buffer.from('beginning\n')
            await Promise.reject(new Error('the disk is gone'))
          })(),
        ),
      close: () => undefined,
    }
    await expect(composeMail(parts(broken, []), '/tmp')).rejects.toMatchObject({
      code: 'QUEUE_IO',
      temporary: true,
    })
  })
})

describe('a composed message is cut in two', () => {
  it.each(['memory', 'a stream'])('from %s', async (where) => {
    const bytes = Buffer.from('A: 1\r\nB: 2\r\n 3\r\n\r\nbody\r\n\r\nmore\r\n')
    const random = seeded(1)
    const content = where === 'memory' ? bufferContent(bytes) : streamed(bytes, random)
    const { header, body } = await splitContent(content)
    expect(header.all.map(({ raw }) => raw)).toEqual(['A: 1\r\n', 'B: 2\r\n 3\r\n'])
    const chunks: Buffer[] = []
    for await (const chunk of body.stream() as AsyncIterable<Buffer>) chunks.push(chunk)
    expect(Buffer.concat(chunks).toString()).toBe('body\r\n\r\nmore\r\n')
    expect(body.size).toBe(14)
  })
})
