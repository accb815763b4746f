/** New identifiers, and those that messages have. */
import { describe, expect, it } from 'vitest'
import { messageIdOf, messageIdOfKey, newMessageId } from '../../../src/message/message-id.ts'

const domainOf = (id: string) => /^<[A-Za-z0-9_-]{20,}@([^>]+)>$/.exec(id)?.[1]

describe('newMessageId', () => {
  it.each([
    ['a@s.example', 'h.example', 's.example'],
    ['"a@b"@s.example', 'h.example', 's.example'],
    ['root', 'h.example', 'h.example'],
    ['', 'h.example', 'h.example'],
    ['a@[192.0.2.1]', 'h.example', 'h.example'],
    ['a@m\u00fcller.example', 'h.example', 'h.example'],
    ['a@x..y', 'bad domain>', 'localhost'],
  ])('of sender %j and host %j has the domain %s', (sender, fallback, domain) => {
    expect(domainOf(newMessageId(sender, fallback))).toBe(domain)
  })

  it('never comes twice', () => {
    const ids = new Set(Array.from({ length: 1000 }, () => newMessageId('a@x', 'h')))
    expect(ids.size).toBe(1000)
  })
})

describe('messageIdOfKey', () => {
  it.each([
    ['17.M1P2Q3Rab.h-1', 'h.ex', '<17.M1P2Q3Rab.h-1@h.ex>'],
    ['a:b,c@d>\r\n', 'h.ex', '<a_b_c_d___@h.ex>'],
    ['.a..b.', 'h.ex', '<_a_.b_@h.ex>'],
    [String.raw`h\057x`, 'm\u00fcller.ex', '<h_057x@localhost>'],
    [`${'x'.repeat(5000)}-1`, 'h', `<${'x'.repeat(298)}-1@h>`],
  ])('of %j at %j is %s', (key, domain, id) => {
    expect(messageIdOfKey(key, domain)).toBe(id)
  })
})

describe('messageIdOf', () => {
  it.each<[string, string | undefined]>([
    ['A: 1\r\nMESSAGE-ID: <x@y>\r\n\r\nMessage-ID: <no@y>\r\n', '<x@y>'],
    ['Message-Id:\n <x@y> (comment)\nA: 1', '<x@y>'],
    ['Message-ID: bare@y\n\n', 'bare@y'],
    ['Message-ID: <x@y>', undefined],
    ['Message-ID: \n\n', undefined],
    ['A: 1\n\nMessage-ID: <body@y>\n', undefined],
    ['', undefined],
    ['Message-ID: <a\u001bb@y>\n\n', '<a?b@y>'],
  ])('reads %j', (start, id) => {
    expect(messageIdOf(Buffer.from(start))).toBe(id)
  })
})
