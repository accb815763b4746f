/**
 * Text for a terminal.
 */
import { describe, expect, it } from 'vitest'
import { printable } from '../../../src/cli/printable.ts'

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
