import { describe, expect, it } from 'vitest'
import { bufferContent } from '../../../src/message/content.ts'
import { classify } from '../../../src/transport/failure.ts'
import { refuseMessage, refuseRecipient } from '../../../src/transport/preflight.ts'

const PLAIN = { maxSize: 10, eightBitMime: false, dsn: false, smtpUtf8: false, auth: [] }
const MODERN = { maxSize: undefined, eightBitMime: true, dsn: true, smtpUtf8: true, auth: [] }
const content = (size: number) => bufferContent(Buffer.alloc(size))

describe('refuseMessage', () => {
  it('refuses what is larger than the server takes, permanently', () => {
    const failure = refuseMessage('a@b', content(11), PLAIN)
    expect(failure?.enhanced).toBe('5.3.4')
    expect(failure?.reason).toBe('the message is too big: it has 11 bytes and the server takes at most 10')
    expect(failure && classify(failure)).toEqual({ class: 'permanent', scope: 'message' })
    expect(refuseMessage('a@b', content(10), PLAIN)).toBeUndefined()
    expect(refuseMessage('a@b', content(11), MODERN)).toBeUndefined()
  })

  it('refuses a foreign sender only without SMTPUTF8, and takes the null sender', () => {
    const failure = refuseMessage('jürgen@b', content(1), PLAIN)
    expect(failure?.enhanced).toBe('5.6.7')
    expect(failure && classify(failure)).toEqual({ class: 'permanent', scope: 'message' })
    expect(refuseMessage('jürgen@b', content(1), MODERN)).toBeUndefined()
    expect(refuseMessage('', content(1), PLAIN)).toBeUndefined()
  })

  it.each(['a>b@c', 'a\r\nRSET', 'a@b '])('refuses the sender %j', (sender) => {
    expect(refuseMessage(sender, content(1), MODERN)?.enhanced).toBe('5.1.7')
  })
})

describe('refuseRecipient', () => {
  it.each(['a>b@c', '<a@b>', 'a\r\nRSET', ' a@b', ''])('refuses %j as such', (recipient) => {
    const failure = refuseRecipient(recipient, MODERN)
    expect(failure?.enhanced).toBe('5.1.3')
    expect(failure && classify(failure)).toEqual({ class: 'permanent', scope: 'recipient' })
  })

  it('refuses a foreign address only without SMTPUTF8', () => {
    const failure = refuseRecipient('jürgen@b', PLAIN)
    expect(failure?.enhanced).toBe('5.6.7')
    expect(failure && classify(failure)).toEqual({ class: 'permanent', scope: 'recipient' })
    expect(refuseRecipient('jürgen@b', MODERN)).toBeUndefined()
    expect(refuseRecipient('"a b"@c', PLAIN)).toBeUndefined()
  })
})
