import { describe, expect, it } from 'vitest'
import { mayHaveBareAddress } from '../../../../src/message/address/show.ts'

const named = Array.from({ length: 60 }, (_, at) => `Ann Arbor <a${at}@s.ex>`).join(', ')

describe('the quick look at an address field', () => {
  it.each([
    'To: a@s.ex\r\n',
    'To: a@s.ex, b@s.ex ,c@s.ex\r\n',
    'From: "Doe, J." <a@s.ex>\r\n',
    'From: <a@s.ex>\r\n',
    'From:Ann  Arbor<a@s.ex>\r\n',
    'To: Ann Arbor\r\n <a@s.ex>,\r\n\tb@s.ex\r\n',
    `To: ${named}\r\n`,
  ])('sees that %j has nothing bare', (raw) => {
    expect(mayHaveBareAddress(raw)).toBe(false)
  })

  it.each([
    'To: root\r\n',
    'To: a@s.ex, root\r\n',
    'From: root (Cron Daemon)\r\n',
    'From: <root>\r\n',
    'To: g: a@s.ex;\r\n',
    'To: \r\n',
  ])('leaves %j to the parser', (raw) => {
    expect(mayHaveBareAddress(raw)).toBe(true)
  })

  // An expression in which blanks could be read in several ways would not come to an end here.
  it.each([
    `To: ${named}, root\r\n`,
    `To: ${named}, (comment) <a@s.ex>\r\n`,
    `To: ${' '.repeat(3900)}a b\r\n`,
    `To: ${'a '.repeat(1900)}\r\n`,
    `To: ${'a,'.repeat(1900)}\r\n`,
    `To: ${'"" '.repeat(1300)}\r\n`,
    `To: ${'<a@b> '.repeat(650)}\r\n`,
  ])('comes to an end with a long field, however it is made up', (raw) => {
    expect(mayHaveBareAddress(raw)).toBe(true)
  })
})
