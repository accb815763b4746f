/** The mark that some editors put in front of a text. */
import { expect, it } from 'vitest'
import { withoutByteOrderMark } from '../../../src/util/byte-order-mark.ts'

it('is taken away in front of a text and nowhere else', () => {
  expect(withoutByteOrderMark('\uFEFFa\uFEFF')).toBe('a\uFEFF')
  expect(withoutByteOrderMark('a')).toBe('a')
  expect(withoutByteOrderMark('')).toBe('')
})
