/** Display names in header fields that this program writes. */
import { describe, expect, it } from 'vitest'
import { parseAddressList } from '../../../src/message/address/list.ts'
import { formatMailbox, formatPhrase, gecosName } from '../../../src/message/phrase.ts'
import { seeded } from './seeded.ts'

describe('formatPhrase', () => {
  it.each([
    ['', ''],
    ['  ', ''],
    ['A B', 'A B'],
    ['Cron  Daemon ', 'Cron Daemon'],
    ["O'Neil {x}", "O'Neil {x}"],
    ['Alice A.', '"Alice A."'],
    ['q, r <s>', '"q, r <s>"'],
    ['a "b" \\', '"a \\"b\\" \\\\"'],
    ['=?utf-8?q?x?=', '"=?utf-8?q?x?="'],
    ['a\r\nBcc: x@y', '"a Bcc: x@y"'],
    ['\u00dcn\u00ef', '=?UTF-8?B?w5xuw68=?='],
    ['J\u00f6rg M', '=?UTF-8?Q?J=C3=B6rg_M?='],
  ])('writes %j', (name, phrase) => {
    expect(formatPhrase(name)).toBe(phrase)
  })

  it('encodes a plain name that is too long for one line', () => {
    const phrase = formatPhrase('x'.repeat(3000))
    expect(Math.max(...phrase.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(76)
    expect(phrase.startsWith('=?UTF-8?Q?xxx')).toBe(true)
  })
})

describe('formatMailbox', () => {
  it.each([
    [undefined, 'a@x', 'a@x'],
    ['', 'a@x', 'a@x'],
    ['Env N', 'a@x', 'Env N <a@x>'],
    ['\u00dc', '"a,b"@x', '=?UTF-8?B?w5w=?= <"a,b"@x>'],
  ])('writes %j and %j', (name, address, mailbox) => {
    expect(formatMailbox(name, address)).toBe(mailbox)
  })

  it('folds before an address that does not fit', () => {
    const address = `${'a'.repeat(40)}@example.net`
    expect(formatMailbox('A name of some length', address)).toBe(`A name of some length\r\n <${address}>`)
  })

  it('has one mailbox and no long line whatever the name is', () => {
    for (let seed = 1; seed <= 2000; seed += 1) {
      const random = seeded(seed)
      let name = ''
      for (let count = random.below(90); count > 0; count -= 1) {
        name += random.pick([
          'a',
          'B',
          ' ',
          ',',
          '"',
          '\\',
          '<',
          '>',
          '(',
          '=?',
          '\r\n',
          '\0',
          '\u00e4',
          '\u{1f600}',
        ])
      }
      const text = `From: ${formatMailbox(name, 'a@x.example')}\r\n`
      expect(text, `seed ${seed}`).toMatch(/^(?:[ -~]{1,76}\r\n)+$/)
      expect(text, `seed ${seed}`).not.toMatch(/\r\n[^ ]/)
      const list = parseAddressList(text.slice(6).replaceAll('\r\n', ''))
      expect(
        list.addresses.map((mailbox) => mailbox.address),
        `seed ${seed}`,
      ).toEqual(['a@x.example'])
    }
  })
})

describe('gecosName', () => {
  it.each([
    ['Alice A.,Room 1,555', 'alice', 'Alice A.'],
    ['& Smith', 'bob', 'Bob Smith'],
    ['&$&', 'x$&', 'X$&$X$&'],
    ['', 'bob', undefined],
    [' ,x', 'bob', undefined],
  ])('reads %j of %s', (gecos, login, name) => {
    expect(gecosName(gecos, login)).toBe(name)
  })
})
