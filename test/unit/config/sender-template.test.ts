import { describe, expect, it } from 'vitest'
import { expandSender } from '../../../src/config/sender-template.ts'

const ANN = { user: 'ann', host: 'pc.site.example', fullName: 'Ann <B>\n Example' }

describe('the placeholders of from', () => {
  it.each([
    ['%U@%H', 'ann@pc.site.example'],
    ['%F <%U@%H>', 'Ann B Example <ann@pc.site.example>'],
    ['a%%b@c', 'a%b@c'],
    ['%%U@c', '%U@c'],
    ['me@site.example', 'me@site.example'],
  ])('turn %j into %j', (template, sender) => {
    expect(expandSender(template, ANN, 'x.conf:1')).toBe(sender)
  })

  it('do not expand what a value brings', () => {
    expect(expandSender('%U@%H', { ...ANN, user: '%H' }, 'x')).toBe('%H@pc.site.example')
  })

  it.each(['%u@%H', 'a%', 'a%b@c'])('that are unknown are refused, as in %j', (template) => {
    expect(() => expandSender(template, ANN, 'x.conf:1')).toThrow(
      /^x\.conf:1: "%.?" in from is not known; write/,
    )
  })

  it('without a value are refused', () => {
    expect(() => expandSender('%U@x', undefined, 'x')).toThrow('"%U" in from has no value here')
    expect(() => expandSender('%F <a@x>', { ...ANN, fullName: '' }, 'x')).toThrow(
      '"%F" in from has no value here',
    )
  })

  it('that would make more than one address are refused', () => {
    expect(() => expandSender('%U@x', { ...ANN, user: 'a b' }, 'x.conf:1')).toThrow(
      'x.conf:1: from is not one address',
    )
    expect(() => expandSender('%U@x', { ...ANN, user: 'a\r\nRCPT' }, 'x')).toThrow('from is not one address')
  })
})
