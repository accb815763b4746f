/** Promises of src/logging/hiding.ts: what each level shows, in every place where an address can stand. */
import { describe, expect, it } from 'vitest'
import { createPrivacy } from '../../../src/logging/hiding.ts'
import { FULL_VIEW } from '../../../src/logging/privacy.ts'
import { textOf } from '../docs/pages.ts'

const KEY = Buffer.alloc(32)
const byDomain = () => createPrivacy('domain')
const byMark = () => createPrivacy('hash', KEY)

describe('domain', () => {
  it.each([
    ['550 5.1.1 <anna@Site.example>: no such user', '550 5.1.1 <*@site.example>: no such user'],
    ['user "anna b"@site.example unknown', 'user *@site.example unknown'],
    ["'anna@site.example' is full.", "'*@site.example' is full."],
    ['no anna@site.example.', 'no *@site.example.'],
    [
      'C: RCPT TO:<anna@[192.0.2.1]> ORCPT=rfc822;ben@x.example',
      'C: RCPT TO:<*@[192.0.2.1]> ORCPT=rfc822;*@x.example',
    ],
    ['C: RCPT TO:<root>', 'C: RCPT TO:<*>'],
    ['https://help.example/?who=anna%40site.example', 'https:*@site.example'],
    ['250 2.0.0 Ok: queued as 4F2A1', '250 2.0.0 Ok: queued as 4F2A1'],
    ['C: MAIL FROM:<> BODY=8BITMIME', 'C: MAIL FROM:<> BODY=8BITMIME'],
    ['ünï@dömäin.example', '*@dömäin.example'],
  ])('makes of %j %j', (text, shown) => {
    expect(byDomain().text(text)).toBe(shown)
  })

  it('hides what was hidden once no further', () => {
    const once = byDomain().text('to <anna@site.example>, ben@x.example')
    expect(byDomain().text(once)).toBe(once)
  })

  it('hides a local part that it has met, as a word of its own, in what servers say and nowhere else', () => {
    const facts = {
      id: 'anna',
      account: 'anna',
      recipient: 'anna@site.example',
      reason: '550 anna: unknown user (Anna), annabel is known',
      code: 550,
    }
    expect(byDomain().facts(facts)).toEqual({
      id: 'anna',
      account: 'anna',
      recipient: '*@site.example',
      reason: '550 *: unknown user (*), annabel is known',
      code: 550,
    })
  })

  it('takes neither a reply code nor a single letter for a name', () => {
    const privacy = byDomain()
    privacy.facts({ recipients: ['550@site.example', 'a@site.example'] })
    expect(privacy.facts({ reason: '550 a problem' })).toEqual({ reason: '550 a problem' })
  })

  it('hides addresses in lists and in nested objects', () => {
    const facts = { recipients: ['anna@site.example', 'root', ''], stopped: { reason: 'no ben@x.example' } }
    const shown = { recipients: ['*@site.example', '*', ''], stopped: { reason: 'no *@x.example' } }
    expect(byDomain().facts(facts)).toEqual(shown)
  })
})

describe('hash', () => {
  it('gives the same address the same mark everywhere, and says nothing of its domain', () => {
    const mark = byMark().address('anna@site.example')
    expect(mark).toMatch(/^addr-[0-9a-f]{16}$/)
    expect(byMark().text('no such user <Anna@Site.Example>')).toBe(`no such user <${mark}>`)
    expect(byMark().facts({ sender: 'anna@site.example', reason: 'anna is gone' })).toEqual({
      sender: mark,
      reason: `${mark} is gone`,
    })
  })

  it('gives other addresses, and those of another key, other marks', () => {
    const other = createPrivacy('hash', Buffer.alloc(32, 1))
    const marks = [byMark().address('anna@a.example'), byMark().address('anna@b.example')]
    expect(new Set([...marks, other.address('anna@a.example')]).size).toBe(3)
  })

  it('hides all addresses alike without a key', () => {
    const privacy = createPrivacy('hash')
    expect(privacy.text('<a@b.example> c@d.example')).toBe('<addr-hidden> addr-hidden')
  })
})

it('full shows everything', () => {
  const facts = { recipient: 'anna@site.example' }
  expect(FULL_VIEW.facts(facts)).toBe(facts)
})

it('takes no long time for any text', () => {
  const parts = ['"\\', '<', 'a', '@', '"', '.', '%40', 'a@', '[']
  for (const part of parts) {
    const text = part.repeat(200_000 / part.length)
    expect(byDomain().text(text).length).toBeGreaterThan(0)
  }
})

it('docs/logging.md shows what the levels make of an address, a name and a Message-ID', () => {
  const rows = ['an address', 'a name without a domain', 'a Message-ID'].map((what) => {
    const row = new RegExp(String.raw`^\| ${what} \|(.*)\|$`, 'm').exec(textOf('docs/logging.md'))?.[1] ?? ''
    return row.split('|').map((cell) => cell.trim().replaceAll('`', ''))
  })
  const [address, name, id] = rows.map(([full = '']) => full)
  expect(rows).toEqual([
    [address, byDomain().address(address ?? ''), byMark().address(address ?? '')],
    [name, byDomain().address(name ?? ''), byMark().address(name ?? '')],
    [id, byDomain().text(id ?? ''), byMark().text(id ?? '')],
  ])
})
