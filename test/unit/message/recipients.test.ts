/** Recipients from the header and from operands, and the envelope made of them. */
import { describe, expect, it } from 'vitest'
import type { RecipientRequest } from '../../../src/message/envelope.ts'
import { splitHeader } from '../../../src/message/header-block.ts'
import { envelope, headerRecipients, readRecipients, readSender } from '../../../src/message/recipients.ts'
import { toWireText } from '../../../src/message/wire-text.ts'

const fromHeader = (text: string) => headerRecipients(splitHeader(toWireText(Buffer.from(text))).header)

describe('headerRecipients', () => {
  it.each<[string, string, string[]]>([
    ['To, Cc and Bcc', 'To: one@d\nCc: two@d\nBcc: three@d\n', ['one@d', 'two@d', 'three@d']],
    ['the order of the header', 'Bcc: b@d\nX: x@d\nTo: a@d\n', ['b@d', 'a@d']],
    [
      'names in any case and blanks before the colon',
      'TO: a@d\nBCC: b@d\nBcc : c@d\n',
      ['a@d', 'b@d', 'c@d'],
    ],
    ['Apparently-To', 'Apparently-To: a@d\n', ['a@d']],
    ['several fields of one name', 'To: a@d\nTo: b@d\n', ['a@d', 'b@d']],
    ['folded fields', 'To: a@d,\n b@d\nBcc:\n\tc@d\n ,"x\n y" <d@d>\n', ['a@d', 'b@d', 'c@d', 'd@d']],
    ['groups', 'To: undisclosed-recipients:;\nBcc: joe@d\n', ['joe@d']],
    ['Resent fields alone', 'To: a@d\nBcc: b@d\nResent-To: c@d\nresent-cc: d@d\n', ['c@d', 'd@d']],
    ['Resent-Bcc alone', 'To: a@d\nResent-Bcc: c@d\n', ['c@d']],
    ['To when only Resent-From is there', 'To: a@d\nResent-From: c@d\n', ['a@d']],
    ['each recipient once', 'To: a@d, A@d\nCc: a@D\n', ['a@d', 'A@d']],
    [
      'bare and UTF-8 local parts',
      'To: root, j\u00f6rg@\u00fc.example\n',
      ['root', 'j\u00f6rg@xn--tda.example'],
    ],
    ['nobody', 'Subject: x\n', []],
  ])('reads %s', (_what, header, recipients) => {
    expect(fromHeader(header)).toEqual({ recipients, problems: [] })
  })

  it('reports what it cannot use and keeps the others', () => {
    expect(fromHeader('To: |/bin/true, a@d, b@@d\n')).toEqual({
      recipients: ['a@d'],
      problems: [
        '"b@@d" is not a mail address: the part after the "@" is not a host name',
        'the recipient "|/bin/true" cannot be used: mail to programs is not supported here',
      ],
    })
  })

  it('refuses an address that is not valid UTF-8', () => {
    const { header } = splitHeader(Buffer.from('To: j\xf6@d\r\n\r\n', 'latin1'))
    expect(headerRecipients(header)).toMatchObject({
      recipients: [],
      problems: [expect.stringContaining('UTF-8')],
    })
  })
})

describe('readRecipients', () => {
  it('takes each operand as an address list and ignores empty ones', () => {
    const operands = ['', 'Full N <one@d.ex>', '"q, r" <two@d.ex> (c)', ' ', 'three@d.ex, one@d.ex']
    expect(readRecipients(operands)).toEqual({
      recipients: ['one@d.ex', 'two@d.ex', 'three@d.ex'],
      problems: [],
    })
  })

  it('survives more problems than a call can have arguments', () => {
    expect(readRecipients(['@,'.repeat(200_000)]).problems.length).toBe(200_000)
  })
})

describe('readSender', () => {
  it.each([
    ['', ''],
    ['<>', ''],
    [' < > ', ''],
    ['local', 'local'],
    [' a@x ', 'a@x'],
    ['N <a@x>', 'a@x'],
  ])('reads %j', (text, sender) => {
    expect(readSender(text)).toBe(sender)
  })

  it.each(['a@x, b@x', 'g:;', 'a@@b', '<<>>', '-x', 'a@x\nb'])('refuses %j', (text) => {
    expect(() => readSender(text)).toThrow(expect.objectContaining({ code: 'ADDRESS_INVALID' }))
  })

  it('is as quick for an argument that is blank to its end, or nearly', () => {
    const blanks = ' '.repeat(200_000)
    expect(readSender(blanks)).toBe('')
    expect(readSender(`${blanks}<${blanks}>${blanks}`)).toBe('')
    expect(readSender(`${blanks}a@x.example`)).toBe('a@x.example')
  })
})

describe('envelope', () => {
  it('holds the sender and each recipient once', () => {
    expect(envelope('s@x', ['a@d', 'b@d', 'a@D'])).toEqual({ sender: 's@x', recipients: ['a@d', 'b@d'] })
    expect(envelope('', ['a@d']).sender).toBe('')
  })

  it('holds what the sender wants to be told, and nothing when that is nothing special', () => {
    const reports = { notify: ['never'], envid: 'a+b' } as const
    expect(envelope('s@x', ['a@d'], reports)).toEqual({ sender: 's@x', recipients: ['a@d'], reports })
    expect('reports' in envelope('s@x', ['a@d'])).toBe(false)
  })

  it('knows what is asked for about a recipient by the name it gives to him', () => {
    const one = { notify: ['never'] as const }
    const two = { original: 'rfc822;root@h.ex' }
    const asked = (...recipients: [string, RecipientRequest][]) => ({ recipients: new Map(recipients) })
    const given = asked(['"a"@D', one], ['a@d', two], ['__proto__', two], ['A@d', one])
    const made = envelope('s@x', ['a@d', '__proto__', 'a@D', 'b@d'], given)
    expect(made.reports).toEqual(asked(['a@d', one], ['__proto__', two]))
    expect(envelope('s@x', ['b@d'], { ret: 'full', ...given }).reports).toEqual({ ret: 'full' })
  })

  it.each(['root@h.ex', ';x', 'rfc822;', 'rfc822;a\r\nb', 'rfc822; a', 'rfc822;gr\u00fc\u00dfe', 'a b;c'])(
    'refuses an original recipient that cannot be passed on: %j',
    (original) => {
      const reports = { recipients: new Map([['a@d', { original }]]) }
      expect(() => envelope('s@x', ['a@d'], reports)).toThrow(expect.objectContaining({ code: 'USAGE' }))
    },
  )

  it('refuses a request about what is no address', () => {
    const reports = { recipients: new Map([['a b', {}]]) }
    expect(() => envelope('s@x', ['a@d'], reports)).toThrow(
      expect.objectContaining({ code: 'ADDRESS_INVALID' }),
    )
  })

  it('needs a recipient', () => {
    expect(() => envelope('s@x', [])).toThrow(
      expect.objectContaining({ code: 'NO_RECIPIENTS', exitCode: 64 }),
    )
  })

  it('refuses addresses that are not safe to send', () => {
    const invalid = expect.objectContaining({ code: 'ADDRESS_INVALID' }) as Error
    expect(() => envelope('s@x>\r\n', ['a@d'])).toThrow(invalid)
    expect(() => envelope('s@x', ['a@d', 'b c@d'])).toThrow(invalid)
  })
})
