/** Any text survives being written as xtext; what is no xtext is not read. */
import { expect, it } from 'vitest'
import { fromXtext, toXtext } from '../../../src/message/xtext.ts'

it.each([
  ['', ''],
  ['root@h.example', 'root@h.example'],
  ['a+b=c d', 'a+2Bb+3Dc+20d'],
  ['é\n', '+C3+A9+0A'],
])('%j is %j', (text, coded) => {
  expect(toXtext(text)).toBe(coded)
  expect(fromXtext(coded)).toBe(text)
})

it.each(['a b', 'a=b', 'a+zz', 'a+2', 'a+2b', 'é'])('%j is none', (text) => {
  expect(fromXtext(text)).toBeUndefined()
})
