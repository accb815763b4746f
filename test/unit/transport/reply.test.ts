import { describe, expect, it } from 'vitest'
import { oneLine, parseReply, remoteQueueId } from '../../../src/transport/reply.ts'

describe('parseReply', () => {
  it('takes code, enhanced code and text of a single line', () => {
    expect(parseReply('550 5.1.1 no such user')).toEqual({
      code: 550,
      enhanced: '5.1.1',
      text: '550 5.1.1 no such user',
    })
  })

  it('joins continuation lines without repeating their codes', () => {
    expect(parseReply('550-5.7.1 one\r\n550-5.7.1 two\r\n550 5.7.1 three')).toEqual({
      code: 550,
      enhanced: '5.7.1',
      text: '550-5.7.1 one two three',
    })
  })

  it('does not take an address or a version for an enhanced code', () => {
    expect(parseReply('451 4.2.0.1 is my version')).toEqual({ code: 451, text: '451 4.2.0.1 is my version' })
  })

  it('finds no code in what is no reply', () => {
    expect(parseReply('HTTP/1.1 400 Bad Request')).toEqual({ text: 'HTTP/1.1 400 Bad Request' })
    expect(parseReply('999 x')).toEqual({ text: '999 x' })
    expect(parseReply('')).toEqual({ text: '' })
  })

  it('accepts a code without any text', () => {
    expect(parseReply('250')).toEqual({ code: 250, text: '250' })
  })

  it('removes control characters, bidirectional overrides and line separators', () => {
    expect(parseReply('550 a\u001b[31mb\u202ec\u2028d\u0000').text).toBe('550 a [31mb c d')
  })

  it('cuts very long text', () => {
    expect(oneLine('x'.repeat(5000))).toBe(`${'x'.repeat(1000)}...`)
  })
})

describe('remoteQueueId', () => {
  const replies: readonly (readonly [string, string | undefined])[] = [
    ['250 2.0.0 Ok: queued as 4XyZ12abcD', '4XyZ12abcD'],
    ['250 OK id=1rABCD-000123-Ab', '1rABCD-000123-Ab'],
    ['250 2.0.0 41AB12cd034567 Message accepted for delivery', '41AB12cd034567'],
    ['250 2.0.0 OK  1700000000 d2e1a72fcca58-5c8 - gsmtp', 'd2e1a72fcca58-5c8'],
    ['250 2.6.0 <a@b> [InternalId=123456, Hostname=x.example] Queued mail for delivery', '123456'],
    ['250 ok 1700000000 qp 4711', '4711'],
    ['250 Ok 0100018b5c3c0a4f-11-22-000000', '0100018b5c3c0a4f-11-22-000000'],
    ['250 accepted, queue id: Q77', 'Q77'],
    ['250 2.0.0 Ok', undefined],
    ['250 Message accepted for delivery', undefined],
  ]

  it.each(replies)('reads %s', (reply, id) => {
    expect(remoteQueueId(reply)).toBe(id)
  })
})
