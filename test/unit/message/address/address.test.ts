/** What may go into an envelope, and which addresses are the same. */
import { describe, expect, it } from 'vitest'
import {
  addressKey,
  dedupe,
  envelopeAddress,
  formatLocalPart,
  isDomain,
  qualify,
  quoteForMessage,
  sameAddress,
  splitAddress,
} from '../../../../src/message/address/address.ts'

describe('envelopeAddress', () => {
  it.each([
    'a@b',
    'root',
    'a.b+c=d/e@x-y.example',
    'bang!user%host@x',
    '"a,b"@x',
    '"a b\\"c\\\\"@x.example',
    '"a@b"@x',
    'user@[192.0.2.1]',
    'user@[IPv6:2001:db8::1]',
    'j\u00f6rg@xn--mller-kva.example',
    'a_b@host_name',
    `${'a'.repeat(64)}@x`,
    `a@${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(63)}.${'e'.repeat(60)}`,
    '/G=John/S=Doe/@gateway.example',
  ])('takes %s as it is', (address) => {
    expect(envelopeAddress(address, 'recipient')).toBe(address)
  })

  it('writes an international domain in ASCII, so that each has one spelling', () => {
    expect(envelopeAddress('ann@B\u00fccher.example', 'recipient')).toBe('ann@xn--bcher-kva.example')
    expect(sameAddress('a@b\u00fccher.example', 'a@XN--bcher-kva.example')).toBe(true)
    expect(() => envelopeAddress('ann@b\u00fc\u2260.example\u00ad..x', 'recipient')).toThrow(
      'not a host name',
    )
  })

  it('drops quotes that are not needed and adds those that are', () => {
    expect(envelopeAddress('"abc"@x', 'recipient')).toBe('abc@x')
    expect(envelopeAddress('a..b@x', 'recipient')).toBe('"a..b"@x')
    expect(envelopeAddress('a.@x', 'recipient')).toBe('"a."@x')
  })

  it.each([
    ['', 'it is empty'],
    ['foo@@bar..x', 'host name'],
    ['a@b..c', 'host name'],
    ['a@', 'host name'],
    ['a@b.', 'host name'],
    ['a@b c', 'host name'],
    ['a@b@c', 'host name'],
    ['a@[1.2', 'host name'],
    ['a@b\u00a0', 'host name'],
    ['@x', 'nothing is before'],
    ['""@x', 'nothing is before'],
    ['a b@x', 'in quotes'],
    ['a,b@x', 'in quotes'],
    ['.@x', 'in quotes'],
    ['"a@x', 'in quotes'],
    ['"a"b@x', 'in quotes'],
    ['a\u00a0b@x', 'in quotes'],
    ['<a@x>', 'angle bracket'],
    ['"<"@x', 'angle bracket'],
    ['a@x\r\nRCPT TO:<b@x', 'control character'],
    ['"a\rb"@x', 'control character'],
    ['a\u0085@x', 'control character'],
    ['a\u007f@x', 'control character'],
    ['a\ufffd@x', 'UTF-8'],
    ['-oQ/tmp@x', 'dash'],
    ['"-x"@y', 'dash'],
    ['|/bin/true', 'programs'],
    ['"|/bin/cat x"', 'programs'],
    ['|cmd@x', 'programs'],
    ['/tmp/zz', 'files'],
    ['"/tmp/z z"', 'files'],
    [':include:/etc/passwd', 'aliases file'],
    ['":Include:/l"', 'aliases file'],
    [`${'a'.repeat(253)}@x`, '254 octets'],
    [`${'\u00e4'.repeat(127)}@x`, '254 octets'],
    [`a@${'b.'.repeat(126)}c`, '254 octets'],
    ['a'.repeat(1_000_000), '254 octets'],
  ])('refuses %j', (address, why) => {
    const refusal = { code: 'ADDRESS_INVALID', exitCode: 65, message: expect.stringContaining(why) as string }
    expect(() => envelopeAddress(address, 'recipient')).toThrow(expect.objectContaining(refusal))
  })

  it('names the address and its part in one line that is safe to print', () => {
    expect(() => envelopeAddress('a\n\u001b[2J@x', 'sender')).toThrow(
      'the sender "a??[2J@x" cannot be used: it has a control character',
    )
  })
})

describe('the parts of an address', () => {
  it('are cut at the @ outside quotes', () => {
    expect(splitAddress('a@b')).toEqual({ local: 'a', domain: 'b' })
    expect(splitAddress('"a@b"@c')).toEqual({ local: '"a@b"', domain: 'c' })
    expect(splitAddress('"a@b"')).toEqual({ local: '"a@b"', domain: undefined })
    expect(splitAddress('root')).toEqual({ local: 'root', domain: undefined })
  })

  it('has a local part in quotes only where the wire needs them', () => {
    expect(formatLocalPart('a.b')).toBe('a.b')
    expect(formatLocalPart('a "b\\')).toBe('"a \\"b\\\\"')
    expect(formatLocalPart('')).toBe('""')
  })

  it('has a domain that is a host name or a literal', () => {
    expect(['x', 'x.y', '[::1]', '\u00fc.x', 'x_1'].map(isDomain)).toEqual([true, true, true, true, true])
    expect(['', '.', 'x.', '[', '[a]b', 'x/y', 'a\tb'].some(isDomain)).toBe(false)
  })

  it('is qualified only when it has no domain', () => {
    expect(qualify('root', 'h.example')).toBe('root@h.example')
    expect(qualify('"a@b"', 'h.example')).toBe('"a@b"@h.example')
    expect(qualify('a@b', 'h.example')).toBe('a@b')
    expect(qualify('', 'h.example')).toBe('')
  })
})

describe('equal addresses', () => {
  it('have the same local part and, in any case, the same domain', () => {
    expect(sameAddress('a@X.example', 'a@x.EXAMPLE')).toBe(true)
    expect(sameAddress('A@x', 'a@x')).toBe(false)
    expect(addressKey('Root')).toBe('Root')
  })

  it('are kept once, as first written', () => {
    expect(dedupe(['one@D', 'ONE@d', 'one@d', 'two@d'])).toEqual(['one@D', 'ONE@d', 'two@d'])
  })
})

describe('quoteForMessage', () => {
  it('shortens long text', () => {
    expect(quoteForMessage('x'.repeat(200))).toBe(`"${'x'.repeat(100)}..."`)
  })
})
