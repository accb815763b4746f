/** The end of a message after DATA, for input cut at any place. */
import { describe, expect, it } from 'vitest'
import { DotText } from '../../../../src/cli/smtp-session/dot-text.ts'

/** Reads chunks until the end; `rest` has what was left of the last one. */
function read(chunks: readonly string[], crlf: boolean): { text: string; rest: string | undefined } {
  const dots = new DotText(crlf)
  let text = ''
  for (const [at, chunk] of chunks.entries()) {
    text += dots.push(Buffer.from(chunk, 'latin1')).toString('latin1')
    if (dots.ended) return { text, rest: dots.rest.toString('latin1') + chunks.slice(at + 1).join('') }
  }
  return { text, rest: undefined }
}

const CASES: readonly (readonly [boolean, string, string, string | undefined])[] = [
  [true, '.\r\nQUIT\r\n', '', 'QUIT\r\n'],
  [true, 'a\r\n.\r\n', 'a\r\n', ''],
  [true, 'a\r\n\r\n..\r\n...b\r\n.c\r\n.\r\nx', 'a\r\n\r\n.\r\n..b\r\nc\r\n', 'x'],
  [true, '..\r\n.\r\n', '.\r\n', ''],
  [true, '.\r\n.\r\n', '', '.\r\n'],
  // Only CRLF counts for a client that speaks CRLF.
  [true, 'a\n.\nMAIL FROM:<x@y.ex>\n.\r\n\r\n.\r\n', 'a\n.\nMAIL FROM:<x@y.ex>\n.\r\n\r\n', ''],
  [true, 'a\r\n.\nb\r.\r\n\r\n.\rc\r\n.\r\n', 'a\r\n\nb\r.\r\n\r\n\rc\r\n', ''],
  [true, 'a\r\n.', 'a', undefined],
  [false, 'a\n..b\n.\nQUIT\n', 'a\n.b\n', 'QUIT\n'],
  [false, '.\n', '', ''],
  [false, 'a\r\n..b\r\n.\r\nQUIT', 'a\r\n.b\r\n', 'QUIT'],
  [false, 'a\n.\rb\n.\n', 'a\n\rb\n', ''],
  [false, 'a\n.', 'a', undefined],
]

describe('DotText', () => {
  it.each(CASES)('reads (CRLF %s) %j as %j with the rest %j', (crlf, given, text, rest) => {
    expect(read([given], crlf)).toEqual({ text, rest })
  })

  it.each(CASES)(
    'reads (CRLF %s) %j the same byte by byte and cut in two anywhere',
    (crlf, given, text, rest) => {
      expect(read(Array.from(given), crlf)).toEqual({ text, rest })
      for (let at = 1; at < given.length; at += 1) {
        expect(read([given.slice(0, at), given.slice(at)], crlf)).toEqual({ text, rest })
      }
    },
  )
})
