/** UTF-8 that comes in portions is judged as if it came at once. */
import { isUtf8 } from 'node:buffer'
import { describe, expect, it } from 'vitest'
import { Utf8Check } from '../../../../src/message/mime/utf8-check.ts'
import { seeded } from '../seeded.ts'

const PIECES = ['a', 'é', '名', '🎈', '\n'].map((text) => Buffer.from(text))
const BROKEN = [
  '\xff',
  '\x80',
  '\xc3',
  '\xe5\x90',
  '\xf0\x9f\x8e',
  '\xc0\xaf',
  '\xed\xa0\x80',
  '\xf4\x90\x80\x80',
]

describe('a text', () => {
  it.each(Array.from({ length: 100 }, (_, seed) => seed))('is judged the same in portions (%i)', (seed) => {
    const random = seeded(seed)
    const bytes = Buffer.concat(
      Array.from({ length: random.below(30) }, () =>
        random.below(30) === 0
          ? Buffer.from(BROKEN[random.below(BROKEN.length)] ?? '', 'latin1')
          : (PIECES[random.below(PIECES.length)] ?? Buffer.alloc(0)),
      ),
    )
    const check = new Utf8Check()
    for (const chunk of random.chunks(bytes)) check.push(chunk)
    expect(check.end()).toBe(isUtf8(bytes))
  })

  it.each(BROKEN)('that ends with %j is none', (broken) => {
    const check = new Utf8Check()
    check.push(Buffer.concat([Buffer.from('ok é'), Buffer.from(broken, 'latin1')]))
    expect(check.end()).toBe(false)
  })
})
