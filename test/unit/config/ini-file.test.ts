import { describe, expect, it } from 'vitest'
import { formatIniValue, parseIni } from '../../../src/config/ini-file.ts'

const isSecret = (key: string): boolean => key === 'smtp_password'
const parse = (text: string) => parseIni(text, 'x.conf', isSecret)
const valueOf = (line: string): string | undefined => parse(`[s]\n${line}`)[0]?.value

describe('a value', () => {
  it.each([
    ['smtp_password = p;ss#w=rd', 'p;ss#w=rd'],
    ['smtp_password = p ;ss #w', 'p ;ss #w'],
    ['smtp_password: a=b:c', 'a=b:c'],
    ['smtp_password=  \\n"x\\  ', '\\n"x\\'],
    ['smtp_password = "p;ss #w"', 'p;ss #w'],
    ["smtp_password = 'p\"w'", 'p"w'],
    ['smtp_password = "a\\"b\\\\c\\n"', 'a"b\\c\\n'],
    ['smtp_password = "open', '"open'],
    ['smtp_password = "a" ; b', '"a" ; b'],
    ['smtp_password = "a"b"', '"a"b"'],
    ['smtp_password = \'"kept"\'', '"kept"'],
    ['smtp_password = "', '"'],
    ['smtp_password = ""', ''],
    ['SMTP_Password = #1', '#1'],
  ])('%j is the secret %j', (line, value) => {
    expect(valueOf(line)).toBe(value)
  })

  it.each([
    ['a = b', 'b'],
    ['a=b', 'b'],
    ['a: b = c', 'b = c'],
    ['a = b: c', 'b: c'],
    ['a = b ; note', 'b'],
    ['a = b\t# note', 'b'],
    ['a = b;c#d', 'b;c#d'],
    ['a = ; note', ''],
    ['a =', ''],
    ['a =#b', '#b'],
    ['a = "b ; c"', 'b ; c'],
    ['a = "b ; c" ; note', 'b ; c'],
    ["a = 'b # c' # note", 'b # c'],
    ['a = " b "', ' b '],
    ['a = "C:\\temp\\"', undefined],
    ['a = "C:\\temp"', 'C:\\temp'],
    ['a = C:\\temp\\;x', 'C:\\temp\\;x'],
    ["a = '123'", '123'],
    ['a = "true"', 'true'],
    ['a = true', 'true'],
    ['a = null', 'null'],
    ['a = \'{"x":1}\'', '{"x":1}'],
    ["a = don't", "don't"],
    ['a = "Ann; B" <ann@x> ; note', '"Ann; B" <ann@x>'],
    ['a = "\u0001"', '\u0001'],
  ])('%j is %j', (line, value) => {
    if (value === undefined)
      expect(() => valueOf(line)).toThrow('x.conf:2: the quote before the value is not closed')
    else expect(valueOf(line)).toBe(value)
  })

  it('written by formatIniValue is read as the same text', () => {
    const values = [
      'a',
      ' a ',
      'a;b',
      'a ; b',
      '#a',
      "'a'",
      '"a"',
      "don't",
      '"a" b',
      'a=b',
      '[a]',
      'a\\',
      '\\;',
      'true',
      'ä \\"é',
    ]
    for (const value of values) expect(valueOf(`a = ${formatIniValue(value)}`)).toBe(value)
  })
})

describe('a file', () => {
  it('gives entries with section, key in lower case, value, line and file', () => {
    const text =
      '\uFEFF# comment\r\n\r\n  [one] ; note\r\nKey = 1\r\n   other : 2\r\n; x\n[ two ]#y\r__proto__ = 3'
    expect(parse(text)).toEqual([
      { section: 'one', key: 'key', value: '1', line: 4, file: 'x.conf' },
      { section: 'one', key: 'other', value: '2', line: 5, file: 'x.conf' },
      { section: 'two', key: '__proto__', value: '3', line: 8, file: 'x.conf' },
    ])
  })

  it('may be empty', () => {
    expect(parse('')).toEqual([])
  })

  it('does not take a dot in a section name for nesting', () => {
    expect(parse('[relay.example]\na = b')[0]?.section).toBe('relay.example')
  })

  it.each([
    ['[s] a = b', 'x.conf:1: there is text after the "]" of the section header'],
    ['[s', 'x.conf:1: the section header has no "]"'],
    ['[ ]', 'x.conf:1: the section header is empty'],
    ['a = b', 'x.conf:1: "a" stands before the first section'],
    ['[s]\na = 1\n\nA = 2', 'x.conf:4: "a" is given a second time (first in line 2)'],
    ['[s]\na = 1\n[t]\n[s]\na = 2', 'x.conf:5: "a" is given a second time (first in line 2)'],
    ['[s]\nbare', 'x.conf:2: there is no "=" in this line'],
    ['[s]\na = 1\n  more', 'x.conf:3: a value cannot go on in a second line'],
    ['[s]\n= 1', 'x.conf:2: there is no option name before the "="'],
    ['[s]\na b = 1', 'x.conf:2: there is no option name before the "="'],
    ["[s]\na = 'b", 'x.conf:2: the quote before the value is not closed'],
  ])('that says %j is refused', (text, message) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID', exitCode: 78 }))
    expect(() => parse(text)).toThrow(message)
  })

  it('is refused without repeating what may be a secret', () => {
    for (const text of [
      '[s]\nsmtp_password hunter2',
      '[s]\nsmtp_password = x\n  hunter2',
      "[s]\na = 'hunter2",
      'hunter2 x = 1',
    ]) {
      expect(() => parse(text)).toThrow(/^(?!.*hunter2)x\.conf:/)
    }
  })
})
