/**
 * Whatever stands in a header: the message is read, nobody becomes a recipient whose address stands in no field for
 * recipients, Bcc is gone afterwards, and what was not touched is as it was.
 */
import { tmpdir } from 'node:os'
import { describe, expect, it } from 'vitest'
import { completeHeader } from '../../../src/message/complete.ts'
import { rewriteAddresses } from '../../../src/message/address/rewrite.ts'
import { mayHaveBareAddress } from '../../../src/message/address/show.ts'
import { readMessage, type IncomingMessage } from '../../../src/message/read-message.ts'
import { headerRecipients } from '../../../src/message/recipients.ts'
import { splitAddress } from '../../../src/message/address/address.ts'
import { seeded, type Seeded } from './seeded.ts'

const ROUNDS = 5000
const SEED = Number(process.env['MAILQUEUE_FUZZ_SEED'] ?? 1)

const NAMES = [
  'To',
  'Cc',
  'Bcc',
  'BCC ',
  'bcc\t',
  'Resent-To',
  'Resent-Bcc',
  'Subject',
  'X-To',
  'From',
  'Reply-To',
]
const PIECES = [
  ...['in@d.ex', 'Name <in@d.ex>', '"q, in@x" <in@d.ex>', 'g: in@d.ex;', 'none:;', '(in@d.ex)', 'root', 'in'],
  ...[
    ',',
    ';',
    ':',
    '<',
    '>',
    '"',
    '\\',
    '(',
    ')',
    '@',
    '=?UTF-8?Q?x?=',
    '\xff',
    '\0',
    '\t',
    '\r',
    '\r\n ',
    '\n\t',
  ],
  ...['\n', '\n.\n', '-f', '<>', '[127.0.0.1]', '@a,@b:in@d.ex', 'a@b@c', '.', '..in@d.ex', '\x1b[2J'],
] as const

const pieces = (random: Seeded): string =>
  Array.from({ length: random.below(6) }, () => PIECES[random.below(PIECES.length)] ?? '').join(' ')

function randomMessage(random: Seeded): Buffer {
  const fields = Array.from(
    { length: random.below(7) },
    () =>
      `${NAMES[random.below(NAMES.length)] ?? ''}:${pieces(random)}${random.pick(['\n', '\r\n', '\r', ''])}`,
  )
  return Buffer.from(`${fields.join('')}${random.pick(['\n', '\r\n', '', ' '])}body in@secret.ex\n`, 'latin1')
}

const read = (bytes: Buffer): Promise<IncomingMessage> =>
  readMessage(bytes, { dotEnds: true, spillDirectory: tmpdir() })

const RULES = { qualifyDomain: 'h.example', masquerade: undefined, isLocal: () => false }
const FACTS = { sender: 'a@s.ex', from: { address: 'a@s.ex' }, now: 0, domain: 'h.example' }

describe('a random header', () => {
  it(`is read and completed, ${ROUNDS} times`, async () => {
    const random = seeded(SEED)
    let found = 0
    for (let round = 0; round < ROUNDS; round += 1) {
      const bytes = randomMessage(random)
      const shown = `seed ${SEED}, ${JSON.stringify(bytes.toString('latin1'))}`
      const { header, body } = await read(bytes)
      const asked = header.all
        .filter(({ name }) => /^(?:resent-)?(?:to|b?cc)$/i.test(name))
        .map(({ raw }) =>
          Buffer.from(raw, 'latin1')
            .toString()
            .replace(/[\s"\\]/g, ''),
        )
        .join('\n')
      for (const recipient of headerRecipients(header).recipients) {
        found += 1
        expect(asked, shown).toContain(splitAddress(recipient).local.replace(/[\s"\\]/g, ''))
        expect(recipient, shown).not.toMatch(/[\p{Cc}<>]|^-/u)
      }
      const { bytes: complete } = completeHeader(header, FACTS)
      const text = complete.toString('latin1')
      expect(text, shown).not.toMatch(/[^\r]\n|\r[^\n]|\0/)
      expect(text, shown).not.toMatch(/^(?:resent-)?bcc[ \t]*:/im)
      expect(text.indexOf('\r\n\r\n'), shown).toBe(text.length - 4)
      for (const { name, raw } of header.all) if (!/bcc$/i.test(name)) expect(text, shown).toContain(raw)
      const rewritten = rewriteAddresses(header, RULES)
      expect(rewriteAddresses(rewritten, RULES).all, shown).toEqual(rewritten.all)
      for (const [place, field] of rewritten.all.entries()) {
        const before = header.all[place]
        if (field === before || before === undefined) continue
        expect(field.raw.replaceAll('@h.example', ''), shown).toBe(before.raw.replaceAll('@h.example', ''))
        expect(mayHaveBareAddress(before.raw), shown).toBe(true)
      }
      body.close()
    }
    expect(found).toBeGreaterThan(ROUNDS / 10)
  })
})
