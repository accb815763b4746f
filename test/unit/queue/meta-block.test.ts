/**
 * The metadata block: written as mailqueue-runner writes it, read back exactly, refused when torn or foreign.
 */
import { describe, expect, it } from 'vitest'
import { MailError } from '../../../src/errors/mail-error.ts'
import type { Envelope, RecipientRequest } from '../../../src/message/envelope.ts'
import { formatMetaBlock, parseMetaBlock, splitAddresses } from '../../../src/queue/meta-block.ts'

const QUEUED_AT = Date.UTC(2026, 10, 21, 20, 12, 0)
const format = (sender: string, ...recipients: string[]): Buffer =>
  formatMetaBlock({ envelope: { sender, recipients }, queuedAt: QUEUED_AT })
const block = (...lines: string[]): Buffer => Buffer.from(lines.map((line) => `${line}\r\n`).join(''))
/** What a block says that says nothing of ours. */
const PLAIN = { expires: undefined, batch: undefined, account: 'default' }
const codeOf = (action: () => unknown): string => {
  try {
    action()
  } catch (error) {
    if (error instanceof MailError) return error.code
    throw error
  }
  return 'none'
}

describe('a new block', () => {
  it('has exactly the four lines that mailqueue-runner knows, in its order and with its line ends', () => {
    const lines = format('s@x.example', 'a@x.example', 'b@y.example').toString('latin1').split('\r\n')
    expect(lines).toEqual([
      'Return-path: <s@x.example>',
      'Envelope-to: a@x.example,b@y.example',
      expect.stringMatching(
        /^X-Queue-Date: [A-Z][a-z]{2}, 21 Nov 2026 \d\d:\d\d:00 [+-]\d{4}$|^X-Queue-Date: /,
      ),
      'X-Queue-Meta-End: end',
      '',
    ])
    expect(Date.parse(lines[2]?.slice('X-Queue-Date: '.length) ?? '')).toBe(QUEUED_AT)
  })

  it.each([
    ['the null sender', '', ['a@x.example']],
    ['a comma in a quoted local part', 's@x.example', ['"a,b"@x.example', 'c@x.example']],
    ['a quote in a quoted local part', 's@x.example', ['"a\\"b"@x.example', '"c,\\\\"@x.example']],
    ['UTF-8', 'grüße@bücher.example', ['用户@例え.example', 'é@x.example']],
    ['the end line in quotes', 's@x.example', ['"X-Queue-Meta-End: end"@x.example', 'b@x.example']],
    ['the end line as a sender', '"X-Queue-Meta-End: end"@x.example', ['b@x.example']],
    ['blanks in quotes', '"a b"@x.example', ['" c "@x.example']],
    ['a domain literal', 's@[192.0.2.1]', ['a@[IPv6:2001:db8::1]']],
  ])('reads back exactly: %s', (_what, sender, recipients) => {
    const head = format(sender, ...recipients)
    const result = parseMetaBlock(Buffer.concat([head, Buffer.from('Subject: x\r\n\r\nbody\r\n')]), true)
    expect(result).toEqual({
      ok: true,
      length: head.length,
      meta: {
        envelope: { sender, recipients },
        queuedAt: QUEUED_AT,
        earlierAttempts: 0,
        lastAttempt: undefined,
        ...PLAIN,
      },
    })
  })

  it('says what happened in another queue in the words of mailqueue-runner', () => {
    const envelope = { sender: 's@x.example', recipients: ['a@x.example'] }
    const past = { queuedAt: QUEUED_AT, earlierAttempts: 2, lastAttempt: QUEUED_AT + 60_000 }
    const head = formatMetaBlock({ envelope, ...past })
    expect(
      head
        .toString('latin1')
        .split('\r\n')
        .map((line) => line.split(':')[0]),
    ).toEqual([
      'Return-path',
      'Envelope-to',
      'X-Queue-Date',
      'X-Last-Attempt',
      'X-Retries',
      'X-Queue-Meta-End',
      '',
    ])
    expect(parseMetaBlock(head, true)).toMatchObject({ ok: true, meta: { envelope, ...past } })
  })

  it.each(['a\nb@x.example', 'a\rX-Retries: 9@x', 'a\0@x', 'a\u0085@x'])(
    'is refused for an address with a control character',
    (address) => {
      expect(codeOf(() => format(address, 'a@x.example'))).toBe('ADDRESS_INVALID')
      expect(codeOf(() => format('s@x.example', address))).toBe('ADDRESS_INVALID')
    },
  )

  it.each([[['a,b@x.example']], [['a"b@x.example', 'c"d@x.example']], [[' a@x.example']], [['', 'a@x']]])(
    'is refused for addresses that would read back as others: %j',
    (recipients) => {
      expect(codeOf(() => format('s@x.example', ...recipients))).toBe('ADDRESS_INVALID')
    },
  )

  it('is refused without recipients', () => {
    expect(codeOf(() => format('s@x.example'))).toBe('NO_RECIPIENTS')
  })
})

describe('a block of mailqueue-runner', () => {
  const PYTHON = block(
    'Return-path: <foo@site.example>',
    'Envelope-to: bar@site.example, baz@site.example',
    'X-Queue-Date: Sat, 21 Nov 2026 21:12:00 +0100',
    'X-Last-Attempt: Sat, 21 Nov 2026 21:42:00 +0100',
    'X-Retries: 3',
    'X-Queue-Meta-End: end',
  )

  it('is read with all of its six headers', () => {
    const result = parseMetaBlock(Buffer.concat([PYTHON, Buffer.from('Subject: hi\r\n\r\nbody')]), true)
    expect(result).toEqual({
      ok: true,
      length: PYTHON.length,
      meta: {
        envelope: { sender: 'foo@site.example', recipients: ['bar@site.example', 'baz@site.example'] },
        queuedAt: QUEUED_AT,
        earlierAttempts: 3,
        lastAttempt: QUEUED_AT + 30 * 60_000,
        ...PLAIN,
      },
    })
  })

  it('is read with LF line ends too', () => {
    const unix = Buffer.from(PYTHON.toString().replaceAll('\r\n', '\n'))
    expect(parseMetaBlock(unix, true)).toMatchObject({ ok: true, length: unix.length })
  })

  it('is read with our extra headers, whose values are passed over', () => {
    const more = block(
      'Return-path: <>',
      'Envelope-to: a@x.example',
      'X-Queue-Priority: 1',
      'X-Queue-Meta-End: end',
    )
    expect(parseMetaBlock(more, true)).toMatchObject({
      ok: true,
      meta: { envelope: { sender: '', recipients: ['a@x.example'] }, queuedAt: undefined },
    })
  })

  it('counts no attempts when the number is none', () => {
    for (const retries of ['-1', 'many', '1.5', '']) {
      const text = block(
        'Return-path: <s@x>',
        'Envelope-to: a@x',
        `X-Retries: ${retries}`,
        'X-Queue-Meta-End: end',
      )
      expect(parseMetaBlock(text, true)).toMatchObject({ ok: true, meta: { earlierAttempts: 0 } })
    }
  })

  it('names each recipient once', () => {
    const text = block('Return-path: <s@x>', 'Envelope-to: a@x,b@x,a@x,', 'X-Queue-Meta-End: end')
    expect(parseMetaBlock(text, true)).toMatchObject({ meta: { envelope: { recipients: ['a@x', 'b@x'] } } })
  })
})

describe('what is no block', () => {
  const WHOLE = format('s@x.example', 'a@x.example')

  it('is refused at whatever byte the file was torn', () => {
    for (let length = 0; length < WHOLE.length; length += 1) {
      expect(parseMetaBlock(WHOLE.subarray(0, length), true)).toMatchObject({ ok: false, incomplete: false })
    }
    expect(parseMetaBlock(WHOLE, true)).toMatchObject({ ok: true, length: WHOLE.length })
  })

  it('may be incomplete while not all of the file was read', () => {
    expect(parseMetaBlock(WHOLE.subarray(0, 40), false)).toMatchObject({ ok: false, incomplete: true })
  })

  it.each([
    ['a message without a block', ['From: a@x', 'To: b@x', '', 'X-Queue-Meta-End: end']],
    ['a foreign header', ['Return-path: <s@x>', 'Envelope-to: a@x', 'Subject: x', 'X-Queue-Meta-End: end']],
    ['a line that is no header', ['Return-path: <s@x>', 'Envelope-to: a@x', 'junk', 'X-Queue-Meta-End: end']],
    [
      'a header twice',
      ['Return-path: <s@x>', 'Return-path: <t@x>', 'Envelope-to: a@x', 'X-Queue-Meta-End: end'],
    ],
    ['no sender', ['Envelope-to: a@x', 'X-Queue-Meta-End: end']],
    ['no recipients', ['Return-path: <s@x>', 'Envelope-to: , ', 'X-Queue-Meta-End: end']],
    ['only an end line', ['X-Queue-Meta-End: end']],
  ])('is refused with the reason: %s', (_what, lines) => {
    const result = parseMetaBlock(block(...lines), true)
    expect(result.ok).toBe(false)
    expect(result).toHaveProperty('why', expect.stringMatching(/^the .*metadata block/))
  })
})

describe('an address list', () => {
  it('is split at the commas outside of quotes', () => {
    expect(splitAddresses('a@x, "b,c"@x ,"d\\",e"@x,,f@x')).toEqual(['a@x', '"b,c"@x', '"d\\",e"@x', 'f@x'])
  })

  it('is still split when a quote never ends', () => {
    expect(splitAddresses('a"b@x,c@x')).toEqual(['a"b@x', 'c@x'])
  })

  it('is read at once, whatever an enemy writes: quotes that never end, and escaped ones', () => {
    const quotes = '\\"'.repeat(100_000)
    expect(splitAddresses(`a@x,"${quotes},b@x`)).toEqual(['a@x', `"${quotes}`, 'b@x'])
    expect(splitAddresses(`"${quotes},"@x,b@x`)).toEqual([`"${quotes},"@x`, 'b@x'])
    expect(splitAddresses(`"${'a'.repeat(16_000_000)}`)).toHaveLength(1)
  })
})

describe('what a message may say of itself', () => {
  const envelope = {
    sender: 's@x.example',
    recipients: ['a@x.example'],
    reports: { notify: ['success' as const, 'delay' as const], ret: 'hdrs' as const, envid: 'a b+c=d' },
  }
  const meta = { envelope, queuedAt: QUEUED_AT, expires: QUEUED_AT + 3600_000, batch: 'May, part 1' }

  it('is a header each, and reads back', () => {
    const bytes = formatMetaBlock(meta)
    expect(bytes.toString().split('\r\n').slice(3, -1)).toEqual([
      expect.stringMatching(/^X-Queue-Expires: .*2[12] Nov 2026/),
      'X-Queue-Batch: May, part 1',
      'X-Queue-Dsn: RET=HDRS ENVID=a+20b+2Bc+3Dd NOTIFY=SUCCESS,DELAY',
      'X-Queue-Meta-End: end',
    ])
    expect(parseMetaBlock(bytes, true)).toMatchObject({
      ok: true,
      meta: { envelope, expires: meta.expires, batch: meta.batch },
    })
  })

  it.each(['', ' x', 'x ', 'a\nb', 'x'.repeat(201)])(
    'is refused when it would not read back: %j',
    (batch) => {
      expect(codeOf(() => formatMetaBlock({ ...meta, batch }))).toBe('USAGE')
    },
  )

  it('counts as not said when it means nothing', () => {
    const lines = [
      'Return-path: <s@x>',
      'Envelope-to: a@x',
      'X-Queue-Expires: soon',
      'X-Queue-Dsn: NOTIFY=SOMETIMES RET=',
    ]
    const result = parseMetaBlock(block(...lines, 'X-Queue-Meta-End: end'), true)
    expect(result).toMatchObject({ ok: true, meta: { expires: undefined } })
    expect(result.ok && result.meta.envelope).toEqual({ sender: 's@x', recipients: ['a@x'] })
  })

  it('is that its body was declared as 8-bit', () => {
    const bytes = formatMetaBlock({ ...meta, envelope: { ...envelope, body: '8bitmime' } })
    expect(bytes.toString()).toContain('\r\nX-Queue-Body: 8BITMIME\r\n')
    expect(parseMetaBlock(bytes, true)).toMatchObject({ meta: { envelope: { body: '8bitmime' } } })
    for (const body of ['7BIT', 'BINARYMIME', '', '8BITMIME x']) {
      const lines = ['Return-path: <s@x>', 'Envelope-to: a@x', `X-Queue-Body: ${body}`]
      const result = parseMetaBlock(block(...lines, 'X-Queue-Meta-End: end'), true)
      expect(result.ok && result.meta.envelope).toEqual({ sender: 's@x', recipients: ['a@x'] })
    }
  })
})

describe('a block that is too large to be read back', () => {
  it('is not made', () => {
    const recipients = Array.from({ length: 17_000 }, (_, at) => `user${at}@d.example`)
    const original = `rfc822;${'x'.repeat(1000)}@d.example`
    const reports = { recipients: new Map(recipients.map((recipient) => [recipient, { original }])) }
    const huge = { queuedAt: 0, envelope: { sender: 's@x', recipients, reports } }
    expect(() => formatMetaBlock(huge)).toThrow(/^the envelope of 17000 recipients/)
    const plain = formatMetaBlock({ queuedAt: 0, envelope: { sender: 's@x', recipients } })
    expect(parseMetaBlock(plain, true)).toMatchObject({ ok: true, length: plain.length })
  })
})

describe('what a message asks for about single recipients', () => {
  const strange = [
    '"a b=+"@x.example',
    '__proto__',
    'constructor@x',
    'gr\u00fc\u00dfe@x.example',
    'b@X.example',
  ]
  const asked = (
    recipients: readonly string[],
    requests: ReadonlyMap<string, RecipientRequest>,
  ): Envelope => ({
    sender: 's@x.example',
    recipients,
    reports: { notify: ['never'], recipients: requests },
  })
  const readBack = (envelope: Envelope): unknown => {
    const result = parseMetaBlock(formatMetaBlock({ envelope, queuedAt: QUEUED_AT }), true)
    return result.ok && result.meta.envelope
  }

  it('is one header more, in xtext', () => {
    const envelope = asked(
      ['a@x', 'b c@x'],
      new Map([
        ['a@x', { notify: [], original: 'rfc822;root+tag=1@h.example' }],
        ['b c@x', { notify: ['success', 'delay'] as const }],
      ]),
    )
    expect(formatMetaBlock({ envelope, queuedAt: QUEUED_AT }).toString().split('\r\n').slice(3, -1)).toEqual([
      'X-Queue-Dsn: NOTIFY=NEVER',
      'X-Queue-Rcpt-Dsn: TO=a@x NOTIFY= ORCPT=rfc822;root+2Btag+3D1@h.example TO=b+20c@x NOTIFY=SUCCESS,DELAY',
      'X-Queue-Meta-End: end',
    ])
    expect(readBack(envelope)).toEqual(envelope)
  })

  it.each(strange)('reads back for %j', (recipient) => {
    const requests = new Map([[recipient, { notify: ['failure'] as const, original: 'utf-8;\\x{E4}= +@x' }]])
    const envelope = asked([...strange], requests)
    expect(readBack(envelope)).toEqual(envelope)
  })

  it('is no header when it is nothing, or about nobody who gets the message', () => {
    const plain = formatMetaBlock({ envelope: asked(['a@x'], new Map()), queuedAt: QUEUED_AT })
    const others = new Map([
      ['b@x', { notify: ['success'] as const }],
      ['a@x', {}],
    ])
    expect(formatMetaBlock({ envelope: asked(['a@x'], others), queuedAt: QUEUED_AT })).toEqual(plain)
  })

  it.each([
    ['', undefined],
    ['NOTIFY=NEVER', undefined],
    ['TO=z@x NOTIFY=NEVER', undefined],
    ['TO= NOTIFY=NEVER TO', undefined],
    ['TO=a@x', undefined],
    ['TO=a@x NOTIFY=SOMETIMES RET=FULL ENVID=x', undefined],
    ['TO=a@x ORCPT=nobody', undefined],
    ['TO=a@x ORCPT=rfc822;a+0D+0ARCPT', undefined],
    ['TO=a@x ORCPT=rfc822;+FF+C3+BC', undefined],
    [`TO=a@x ORCPT=rfc822;${'x'.repeat(500)}`, undefined],
    ['to=a@x notify=success,NEVER', { notify: ['never'] }],
    ['TO=a@x NOTIFY=NEVER TO=__proto__ NOTIFY=SUCCESS', { notify: ['never'] }],
    ['TO=a+40x NOTIFY=DELAY,DELAY ORCPT=rfc822;b+zz@x', { notify: ['delay'], original: 'rfc822;b+zz@x' }],
  ])('is only what can be understood of %j', (value, request) => {
    const lines = ['Return-path: <s@x>', 'Envelope-to: a@x', `X-Queue-Rcpt-Dsn: ${value}`]
    const result = parseMetaBlock(block(...lines, 'X-Queue-Meta-End: end'), true)
    expect(result.ok && result.meta.envelope).toEqual({
      sender: 's@x',
      recipients: ['a@x'],
      ...(request === undefined ? {} : { reports: { recipients: new Map([['a@x', request]]) } }),
    })
  })
})
