/** Addresses in header fields get their domain; every other byte stays. */
import { describe, expect, it } from 'vitest'
import { headerRecipients } from '../../../../src/message/recipients.ts'
import { headerBlock, splitHeader } from '../../../../src/message/header-block.ts'
import { addressIn, placeField, rewriteAddresses } from '../../../../src/message/address/rewrite.ts'
import { mayHaveBareAddress, shownAddress, type AddressRules } from '../../../../src/message/address/show.ts'
import { seeded } from '../seeded.ts'

const LOCAL = ['localhost', 'h.example', 'pc.h.example']
const isLocal = (address: string) => {
  const at = address.lastIndexOf('@')
  return at === -1 || LOCAL.includes(address.slice(at + 1).toLowerCase())
}
const QUALIFY: AddressRules = { qualifyDomain: 'h.example', masquerade: undefined, isLocal }
const DOMAIN: AddressRules = { ...QUALIFY, masquerade: { domain: 'site.example', sender: undefined } }
const SENDER: AddressRules = {
  ...QUALIFY,
  masquerade: { domain: 'site.example', sender: 'me@site.example' },
}

const fieldOf = (raw: string) => ({ name: raw.slice(0, raw.indexOf(':')).trim(), raw })

function rewrite(raw: string, rules: AddressRules): string {
  return rewriteAddresses(headerBlock([fieldOf(raw)]), rules).all[0]?.raw ?? ''
}

describe('a bare address in a header field gets the domain', () => {
  it.each([
    ['From: root (Cron Daemon)\r\n', 'From: root@h.example (Cron Daemon)\r\n'],
    ['To: root\r\n', 'To: root@h.example\r\n'],
    ['to:root\r\n', 'to:root@h.example\r\n'],
    ['To :\t root \t\r\n', 'To :\t root@h.example \t\r\n'],
    ['Cc: "Last, F. (x)" <root>, a@d.ex\r\n', 'Cc: "Last, F. (x)" <root@h.example>, a@d.ex\r\n'],
    ['To: a@d.ex,\r\n\troot,\r\n bob\r\n', 'To: a@d.ex,\r\n\troot@h.example,\r\n bob@h.example\r\n'],
    ['To: < root >\r\n', 'To: < root@h.example >\r\n'],
    ['To: Admins: root, b@d.ex;, carl\r\n', 'To: Admins: root@h.example, b@d.ex;, carl@h.example\r\n'],
    ['To: (a) root (b)\r\n', 'To: (a) root@h.example (b)\r\n'],
    ['To: "odd name"\r\n', 'To: "odd name"@h.example\r\n'],
    ['To: "root"\r\n', 'To: "root"@h.example\r\n'],
    ['To: john.doe,,\r\n', 'To: john.doe@h.example,,\r\n'],
    ['To: <@relay.ex:root>\r\n', 'To: <@relay.ex:root@h.example>\r\n'],
    ['To: \xc3\x80 <j\xc3\xb6>\r\n', 'To: \xc3\x80 <j\xc3\xb6@h.example>\r\n'],
    ['To: =?UTF-8?Q?J=C3=B6?= <root>\r\n', 'To: =?UTF-8?Q?J=C3=B6?= <root@h.example>\r\n'],
    ['Resent-Sender: root\r\n', 'Resent-Sender: root@h.example\r\n'],
    ['Errors-To: root\r\n', 'Errors-To: root@h.example\r\n'],
  ])('%j', (raw, wanted) => {
    expect(rewrite(raw, QUALIFY)).toBe(wanted)
    expect(rewrite(wanted, QUALIFY)).toBe(wanted)
    expect(mayHaveBareAddress(raw)).toBe(true)
  })
})

describe('a field stays byte for byte', () => {
  it.each([
    ['when every address has a domain', 'To: A <a@d.ex>,\r\n  "B, C" <b@d.ex> (x)\r\n'],
    ['when it has no addresses', 'Subject: root\r\n'],
    ['when it is a group of nobody', 'To: undisclosed-recipients:;\r\n'],
    ['when it is empty', 'To: \r\n'],
    ['when two words are no address', 'From: Cron Daemon\r\n'],
    ['when one member of several cannot be read', 'To: root, a@@d.ex\r\n'],
    ['when a quote does not end', 'To: root, "x\r\n'],
    ['when a comment does not end', 'To: root (x\r\n'],
    ['when a bracket does not end', 'To: root, <x\r\n'],
    ['when nothing is in the brackets', 'From: <>\r\n'],
    ['when its domain is this host', 'To: root@localhost\r\n'],
  ])('%s', (_, raw) => {
    const field = fieldOf(raw)
    expect(rewriteAddresses(headerBlock([field]), QUALIFY).all[0]).toBe(field)
  })

  it('when bare addresses are to stay', () => {
    expect(rewrite('To: root\r\n', { ...QUALIFY, qualifyDomain: undefined })).toBe('To: root\r\n')
  })
})

describe('a masquerade', () => {
  it.each([
    ['From: root (Cron)\r\n', 'From: root@site.example (Cron)\r\n', 'From: me@site.example (Cron)\r\n'],
    [
      'Sender: R <root@LOCALHOST>\r\n',
      'Sender: R <root@site.example>\r\n',
      'Sender: R <me@site.example>\r\n',
    ],
    [
      'Resent-From: "a b" @ pc.h.example\r\n',
      'Resent-From: "a b" @ site.example\r\n',
      'Resent-From: me@site.example\r\n',
    ],
    [
      'To: root, x@h.example (y), z@d.ex\r\n',
      'To: root@site.example, x@site.example (y), z@d.ex\r\n',
      'To: root@site.example, x@site.example (y), z@d.ex\r\n',
    ],
    ['Reply-To: root\r\n', 'Reply-To: root@site.example\r\n', 'Reply-To: root@site.example\r\n'],
    ['From: a@d.ex\r\n', 'From: a@d.ex\r\n', 'From: a@d.ex\r\n'],
  ])('%j', (raw, domain, sender) => {
    expect(rewrite(raw, DOMAIN)).toBe(domain)
    expect(rewrite(raw, SENDER)).toBe(sender)
    expect(rewrite(raw, { ...DOMAIN, qualifyDomain: undefined })).toBe(domain)
  })

  it('is the same for the envelope sender, and none for the null sender', () => {
    const shown = (address: string) => shownAddress(address, 'sender', SENDER)
    expect(['', 'root', 'root@h.example', 'a@d.ex'].map(shown)).toEqual([
      '',
      'me@site.example',
      'me@site.example',
      'a@d.ex',
    ])
  })

  it('knows a host whose name has other letters', () => {
    const rules = { ...DOMAIN, isLocal: (address: string) => address.endsWith('@\u00f6.example') }
    expect(rewrite('To: \xc3\xa4@\xc3\xb6.example\r\n', rules)).toBe('To: \xc3\xa4@site.example\r\n')
  })
})

const PIECES = [
  ...[
    'root',
    'a@d.ex',
    'B <b@d.ex>',
    '"C, D" <carl>',
    'x (c (d))',
    'g: e, f@d.ex;',
    '',
    ' ',
    '\xc3\xa9@d.ex',
  ],
  ...['=?UTF-8?Q?=C3=B6?= <o>', '<@r.ex:p>', '"q\\"r"', '\r\n s', 'u.v', '<w@localhost>', '(only a comment)'],
] as const
const NOISE = [...PIECES, '"', '(', ')', '<', '>', '@', '[', '\\', ';', ':', '\x80', '\xff'] as const

function randomField(seed: number, pieces: readonly string[], glue: string): string {
  const random = seeded(seed)
  const chosen: string[] = []
  for (let count = random.below(6); count >= 0; count -= 1)
    chosen.push(pieces[random.below(pieces.length)] ?? '')
  return `To: ${chosen.join(glue)}\r\n`
}

describe('for fields of all kinds', () => {
  it('adds domains and nothing else, once', () => {
    for (let seed = 1; seed <= 2000; seed += 1) {
      const raw = randomField(seed, PIECES, ', ')
      const result = rewrite(raw, QUALIFY)
      expect(result.replaceAll('@h.example', ''), `seed ${seed}`).toBe(raw)
      expect(rewrite(result, QUALIFY), `seed ${seed}`).toBe(result)
      const header = splitHeader(Buffer.from(result, 'latin1')).header
      const { recipients, problems } = headerRecipients(header)
      expect(problems, `seed ${seed}`).toEqual([])
      expect(recipients.every((each) => each.includes('@'))).toBe(true)
    }
  })

  it('stays valid, or stays as it was, whatever is in it', () => {
    for (let seed = 1; seed <= 5000; seed += 1) {
      const raw = randomField(seed, NOISE, seed % 2 === 0 ? '' : ' ')
      const result = rewrite(raw, QUALIFY)
      expect(result.replaceAll('@h.example', ''), `seed ${seed}`).toBe(raw)
      const placed = placeField(fieldOf(result))
      const bare = placed?.mailboxes.map(addressIn).filter((address) => !address.includes('@')) ?? []
      expect(bare, `seed ${seed}: ${raw}`).toEqual([])
    }
  })

  it('is skipped by the quick look only when it changes nothing', () => {
    for (let seed = 1; seed <= 5000; seed += 1) {
      const raw = randomField(seed, NOISE, seed % 2 === 0 ? ', ' : '')
      if (!mayHaveBareAddress(raw)) expect(rewrite(raw, QUALIFY), `seed ${seed}: ${raw}`).toBe(raw)
    }
  })
})

describe('the quick look', () => {
  it.each([
    'To: a@d.ex\r\n',
    'From: Alice A <alice@d.ex>\r\n',
    'From: "Alice, A." <alice@d.ex>\r\n',
    'To: a@d.ex, B <b@d.ex>,\r\n "C" <c@d.ex>\r\n',
    'To: =?UTF-8?Q?J=C3=B6?= <a@d.ex>\r\n',
  ])('sees that nothing is to be done in %j', (raw) => {
    expect(mayHaveBareAddress(raw)).toBe(false)
  })
})

describe('a hostile header of a megabyte', () => {
  const SIZE = 1024 * 1024
  it.each([',', '<', '"', '(', '()', '[', 'a ', 'a,', ':', ';', '@', '\\', '"" ', '<a', '((', 'a@', '\xff'])(
    'of %j is dealt with in one pass',
    (piece) => {
      const raw = `To: ${piece.repeat(SIZE / piece.length)}\r\n`
      expect(mayHaveBareAddress(raw)).toBe(true)
      expect(rewrite(raw, QUALIFY).replaceAll('@h.example', '')).toBe(raw)
      const short = raw.slice(0, 3990)
      expect(mayHaveBareAddress(short)).toBe(true)
    },
  )
})
