/** A header in any line ends is found, and what is behind it stays byte for byte. */
import { tmpdir } from 'node:os'
import { buffer } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { MAX_HEADER_BYTES } from '../../../src/message/header-block.ts'
import { readMessage } from '../../../src/message/read-message.ts'

async function read(text: string | Buffer, size = Infinity) {
  const bytes = Buffer.isBuffer(text) ? text : Buffer.from(text, 'latin1')
  const chunks = Array.from({ length: size === Infinity ? 1 : Math.ceil(bytes.length / size) }, (_, at) =>
    size === Infinity ? bytes : bytes.subarray(at * size, (at + 1) * size),
  )
  async function* input() {
    for (const chunk of chunks) yield await Promise.resolve(chunk)
  }
  const options = { dotEnds: false, spillDirectory: tmpdir(), rawBody: true }
  const { header, body, nulBytes } = await readMessage(input(), options)
  const raw = header.all.map((field) => field.raw).join('')
  return { header: raw, body: (await buffer(body.stream())).toString('latin1'), nulBytes }
}

const TO = 'To: a@x.ex\r\n'

describe('a message whose body is left as it came', () => {
  it.each<[string, string, string, number]>([
    ['To: a@x.ex\n\na\0b\rc\n', TO, 'a\0b\rc\n', 0],
    ['To: a@x.ex\r\n\r\nb\r\n', TO, 'b\r\n', 0],
    ['To: a@x.ex\r\rb\r', TO, 'b\r', 0],
    ['To: a@x.ex\r\r\rb', TO, '\rb', 0],
    ['To: a@x.ex\n\n\r\nb', TO, '\r\nb', 0],
    ['To: a@x.ex\nno field\rb\0\n', TO, 'no field\rb\0\n', 0],
    ['no field at all\0\rb', '', 'no field at all\0\rb', 0],
    ['T\0o: a@x.ex\n\0\nb\0', TO, 'b\0', 2],
    ['To: a@x.ex', TO, '', 0],
    ['To: a@x.ex\n\r', TO, '', 0],
    ['\n.\n', '', '.\n', 0],
    ['From me now\nTo: a@x.ex\n\nb', TO, 'b', 0],
    ['', '', '', 0],
  ])('%j', async (text, header, body, nulBytes) => {
    for (const size of [Infinity, 1, 2, 3]) expect(await read(text, size)).toEqual({ header, body, nulBytes })
  })

  it('may be one line without an end, and a field may not', async () => {
    const line = 'x'.repeat(MAX_HEADER_BYTES + 10)
    expect((await read(line, 65_536)).body).toBe(line)
    await expect(read(`To: ${line}`, 65_536)).rejects.toMatchObject({ code: 'MESSAGE_MALFORMED' })
  })
})
