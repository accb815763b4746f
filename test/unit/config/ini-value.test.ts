import { describe, expect, it } from 'vitest'
import { scanSecret, scanValue } from '../../../src/config/ini-value.ts'

describe('the extent of an ordinary value', () => {
  it('ends before a comment', () => {
    expect(scanValue(' a b ; c')).toEqual({ kind: 'plain', text: 'a b' })
    expect(scanValue(' ; c')).toEqual({ kind: 'plain', text: '' })
  })

  it('is what stands between quotes around the whole value, escapes included', () => {
    expect(scanValue(' "a \\" ; b" # c')).toEqual({ kind: 'quoted', quote: '"', body: 'a \\" ; b' })
    expect(scanValue("'a\\'")).toEqual({ kind: 'quoted', quote: "'", body: 'a\\' })
  })

  it('keeps quotes that end before the value does', () => {
    expect(scanValue('"a ; b"  <c> ; d')).toEqual({ kind: 'plain', text: '"a ; b"  <c>' })
    expect(scanValue('"a";b')).toEqual({ kind: 'plain', text: '"a";b' })
  })

  it('is unknown when a quote is not closed', () => {
    expect(scanValue('"a')).toEqual({ kind: 'unclosed' })
    expect(scanValue("'")).toEqual({ kind: 'unclosed' })
  })
})

describe('the extent of a secret', () => {
  it('is the whole rest of the line', () => {
    expect(scanSecret(' a ; b # c ')).toEqual({ kind: 'plain', text: 'a ; b # c' })
    expect(scanSecret('"a" ; b')).toEqual({ kind: 'plain', text: '"a" ; b' })
    expect(scanSecret('"')).toEqual({ kind: 'plain', text: '"' })
  })

  it('is what stands between quotes only when none is in between', () => {
    expect(scanSecret(' "a ; b" ')).toEqual({ kind: 'quoted', quote: '"', body: 'a ; b' })
    expect(scanSecret('"a"b"')).toEqual({ kind: 'plain', text: '"a"b"' })
  })
})
