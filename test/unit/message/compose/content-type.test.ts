/** Promises of src/message/compose/content-type.ts about what it takes away from a type, and that it comes to an end. */
import { describe, expect, it } from 'vitest'
import { trimmedType } from '../../../../src/message/compose/content-type.ts'

describe('trimmedType', () => {
  it.each(['text/html', 'text/html;', 'text/html ; ;\t'])('takes nothing but the end from %j', (type) => {
    expect(trimmedType(type)).toBe('text/html')
  })

  it('leaves the semicolons in front of a parameter', () => {
    expect(trimmedType('text/plain;; charset=utf-8;')).toBe('text/plain;; charset=utf-8')
    expect(trimmedType(' ; ')).toBe('')
  })

  it('comes to an end for a type of any length', () => {
    const long = `text/plain${'; '.repeat(500_000)}x`
    expect(trimmedType(`${long};`)).toBe(long)
  })
})
