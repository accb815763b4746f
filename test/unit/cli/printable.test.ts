/**
 * Text for a terminal.
 */
import { describe, expect, it } from 'vitest'
import { printable, printableJson } from '../../../src/cli/printable.ts'

describe('printable', () => {
  it('keeps ordinary text, line ends and tabs', () => {
    expect(printable('Grüße\tan alle,\nвсем\r\n日本')).toBe('Grüße\tan alle,\nвсем\n日本')
  })

  it('shows a question mark for every control character', () => {
    expect(printable('a\u001b[31mb\u0007c\rd\u009b\u007f')).toBe('a?[31mb?c?d??')
  })

  it('shows a question mark for characters that turn the direction of the text', () => {
    expect(printable('x\u202ey\u2066z\u200fw')).toBe('x?y?z?w')
  })
})

describe('printableJson', () => {
  it('escapes what a terminal would obey, so that it reads back as it was', () => {
    const value = { 'k\u009b': 'a\u001b[2J\u007f\u0085\u202e\r\n\t"\\ü\u{1f600}' }
    const line = printableJson(value)
    expect(line).toBe(printable(line))
    expect(line).toMatch(/^[^\n]*\n$/)
    expect(line).not.toMatch(/[^\P{Cc}\n]/u)
    expect(JSON.parse(line)).toEqual(value)
  })
})
