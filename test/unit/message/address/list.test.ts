/** Address lists as people and programs write them. */
import { describe, expect, it } from 'vitest'
import { envelopeAddress, splitAddress } from '../../../../src/message/address/address.ts'
import { asciiDomain } from '../../../../src/util/ascii-domain.ts'
import { parseAddressList } from '../../../../src/message/address/list.ts'
import { seeded } from '../seeded.ts'

const addresses = (text: string) => parseAddressList(text).addresses.map((mailbox) => mailbox.address)

describe('parseAddressList', () => {
  it.each<[string, string[]]>([
    ['', []],
    [' , ,, ', []],
    ['one@d.ex', ['one@d.ex']],
    [' a@x ', ['a@x']],
    ['root', ['root']],
    ['one@d.ex,two@d.ex', ['one@d.ex', 'two@d.ex']],
    ['one@d.ex, two@d.ex,', ['one@d.ex', 'two@d.ex']],
    ['Full N <one@d.ex>', ['one@d.ex']],
    ['"q, r" <two@d.ex> (c)', ['two@d.ex']],
    ['Alice A. <alice@d.ex>', ['alice@d.ex']],
    ['<a@x>', ['a@x']],
    ['< a@x >', ['a@x']],
    ['a@x <b@y>', ['b@y']],
    ['root (Cron Daemon)', ['root']],
    ['(only a comment)', []],
    ['(a (nested, \\) b) c) one@d.ex (x), two@d.ex', ['one@d.ex', 'two@d.ex']],
    ['one (c) @ (d) d . ex', ['one@d.ex']],
    ['a . b @ d.ex', ['a.b@d.ex']],
    ['"a,b"@x', ['"a,b"@x']],
    ['"a\\"b\\\\c"@x', ['"a\\"b\\\\c"@x']],
    ['"a"."b c"@x', ['"a.b c"@x']],
    ['"plain"@x', ['plain@x']],
    ['"a@b"@x', ['"a@b"@x']],
    ['a..b@x', ['"a..b"@x']],
    ['<@a,@b:c@d>', ['c@d']],
    ['N <@a.example : c@d>, e@f', ['c@d', 'e@f']],
    ['g: a, B <b>;', ['a', 'b']],
    ['g: a@x, b@y;, c@z', ['a@x', 'b@y', 'c@z']],
    ['g: a@x; c@z', ['a@x', 'c@z']],
    ['undisclosed-recipients:;', []],
    ['"my, group" : ;, a@x', ['a@x']],
    ['user@[192.0.2.1]', ['user@[192.0.2.1]']],
    ['user@[IPv6:::1], a@x', ['user@[IPv6:::1]', 'a@x']],
    ['J\u00f6rg <j\u00f6rg@m\u00fcller.example>', ['j\u00f6rg@m\u00fcller.example']],
    ['\ta@x\t,\tb@y', ['a@x', 'b@y']],
  ])('reads %j', (text, expected) => {
    expect(parseAddressList(text).problems).toEqual([])
    expect(addresses(text)).toEqual(expected)
  })

  it.each<[string, string, string[]]>([
    [
      'foo@@bar..x, ok@x',
      '"foo@@bar..x" is not a mail address: the part after the "@" is not a host name',
      ['ok@x'],
    ],
    ['a b@x, ok@x', '"a b@x" is not a mail address: it has more than one word', ['ok@x']],
    ['John Smith', '"John Smith" is not a mail address: it has more than one word', []],
    ['ok@x, a@', '"a@" is not a mail address: the part after the "@" is not a host name', ['ok@x']],
    ['a@b c', '"a@b c" is not a mail address: the part after the "@" is not a host name', []],
    ['a@"b"', '"a@"b"" is not a mail address: the part after the "@" is not a host name', []],
    ['@x', '"@x" is not a mail address: nothing is before the "@"', []],
    ['<@x>', '"<@x>" is not a mail address: nothing is before the "@"', []],
    ['""@x', '"""@x" is not a mail address: nothing is before the "@"', []],
    ['<>', '"<>" is not a mail address: nothing is between the angle brackets', []],
    ['<a@x> b', '"<a@x> b" is not a mail address: the angle brackets are wrong', []],
    ['N <a@x, b@y', '"N <a@x, b@y" is not a mail address: the angle brackets are wrong', []],
    ['a@x>, b@y', '"a@x>" is not a mail address: the part after the "@" is not a host name', ['b@y']],
    [':include:/l', '":include:/l" is not a mail address: the colon is in the wrong place', []],
    ['"open, a@x', '""open, a@x" is not a mail address: quotes, parentheses or signs are wrong', []],
    [
      'ok@x, (open b@x',
      '"(open b@x" is not a mail address: quotes, parentheses or signs are wrong',
      ['ok@x'],
    ],
    ['a\\b@x, c@d', '"a\\b@x" is not a mail address: quotes, parentheses or signs are wrong', ['c@d']],
    ['a\nb@x', '"a?b@x" is not a mail address: quotes, parentheses or signs are wrong', []],
    ['"a\rb"@x', '""a?b"@x" is not a mail address: it has a control character', []],
    ['..', '".." is not a mail address: it has a sign that would have to stand in quotes', []],
  ])('names what is wrong in %j and keeps the rest', (text, problem, kept) => {
    expect(parseAddressList(text).problems).toEqual([problem])
    expect(addresses(text)).toEqual(kept)
  })

  it('finds display names, also when a comment stands in', () => {
    const text = '"q, r" <a@x>, Alice  "B." C. <b@x>, c@x (See Dee), d@x, (x) "" <e@x>'
    expect(parseAddressList(text).addresses).toEqual([
      { address: 'a@x', name: 'q, r' },
      { address: 'b@x', name: 'Alice B. C.' },
      { address: 'c@x', name: 'See Dee' },
      { address: 'd@x' },
      { address: 'e@x', name: 'x' },
    ])
  })

  it('finds every address that a generated list holds', () => {
    for (let seed = 1; seed <= 2000; seed += 1) {
      const random = seeded(seed)
      const expected: string[] = []
      let text = ''
      for (let count = random.below(6); count > 0; count -= 1) {
        const local = random.pick(['a', 'a.b', '"x y"', '"c,\\"d"', '\u00fc'])
        const address = local + random.pick(['', '@x', '@y.example', '@[192.0.2.1]'])
        const [before, after] = random.pick([
          ['', ''],
          ['<', '>'],
          ['"n, m" <', '>'],
          ['N. (c (d)) <', '> (e)'],
          ['g: ', ';'],
          ['(,) ', ' '],
        ])
        text += before + address + after + random.pick([',', ', ', ' , ,'])
        expected.push(address)
      }
      expect(parseAddressList(text), `seed ${seed}: ${text}`).toMatchObject({ problems: [] })
      expect(addresses(text), `seed ${seed}: ${text}`).toEqual(expected)
    }
  })

  it('never throws, and what it finds reads the same again', () => {
    for (let seed = 1; seed <= 5000; seed += 1) {
      const random = seeded(seed)
      let text = ''
      for (let count = random.below(12); count > 0; count -= 1) {
        text += random.pick([
          'a',
          'b',
          '@',
          '.',
          ',',
          ';',
          ':',
          '<',
          '>',
          '"',
          '\\',
          '(',
          ')',
          '[',
          ']',
          ' ',
          '\r',
          '\u00fc',
        ])
      }
      for (const address of addresses(text)) {
        expect(addresses(address), `seed ${seed}: ${text}`).toEqual([address])
        expect(envelopeAddressOrRefusal(address), `seed ${seed}: ${text}`).toBe(withAsciiDomain(address))
      }
    }
  })
})

const withAsciiDomain = (address: string): string => {
  const { local, domain } = splitAddress(address)
  return domain === undefined || /[<>]/.test(address) ? address : `${local}@${asciiDomain(domain) ?? ''}`
}

/** Addresses with brackets inside quotes are good lists but no envelope addresses. */
function envelopeAddressOrRefusal(address: string): string {
  return /[<>]/.test(address) ? address : envelopeAddress(address, 'recipient')
}
