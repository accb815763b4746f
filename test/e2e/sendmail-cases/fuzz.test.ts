/**
 * Random command lines and headers for the real command, bounded and with a seed: no crash and no stack trace, exit
 * codes of the table only, nobody gets mail who was not asked for, and no Bcc is on the wire.
 */
import { describe, expect, it } from 'vitest'
import { EX } from '../../../src/errors/sysexits.ts'
import { openSite } from '../../helpers/mail-site.ts'
import { seeded, type Seeded } from '../../unit/message/seeded.ts'

const ROUNDS = 80
const SEED = Number(process.env['MAILQUEUE_FUZZ_SEED'] ?? 1)

/** Arguments whose values must never be taken for recipients: everything that could be one is at never.ex. */
const OPTIONS: readonly (readonly string[])[] = [
  ['-t'],
  ['-i'],
  ['-oi'],
  ['-oem'],
  ['-odb'],
  ['-or0s'],
  ['-m'],
  ['-G'],
  ['-U'],
  ['-n'],
  ['-v'],
  ['-B', '8BITMIME'],
  ['-B8BITMIME'],
  ['-h', '3'],
  ['-L', 'no@never.ex'],
  ['-O', 'x=no@never.ex'],
  ['-p', 'no@never.ex'],
  ['-A', 'c'],
  ['-e', 'm'],
  ['-F', 'no@never.ex'],
  ['-f', 'no@never.ex'],
  ['-f', 'no@never.ex, other@never.ex'],
  ['-froot'],
  ['-r', '<>'],
  ['-N', 'failure'],
  ['-N', 'no@never.ex'],
  ['-R', 'hdrs'],
  ['-V', 'no@never.ex'],
  ['--set-to-header'],
  ['--from=no@never.ex'],
  ['--timeout=no@never.ex'],
  ['-z'],
  ['--no@never.ex'],
]
const OPERANDS = [
  'yes@d.ex',
  'Y <yes@d.ex>',
  'yes@d.ex, reject@d.ex',
  'defer@d.ex',
  'root',
  'a@@b',
  '|x',
  '',
  '-x',
]
const FIELDS = [
  'To: yes@d.ex',
  'Cc: "no@never.ex" <yes@d.ex>, reject@d.ex',
  'Bcc: hidden@d.ex',
  'bcc : hidden@d.ex,\n\tother@d.ex',
  'To: g: yes@d.ex, root;',
  'Subject: no@never.ex',
  'Resent-Note: x',
  'Reply-To: no@never.ex',
  'To: (no@never.ex)',
  'X: \0\x1b[2J no@never.ex',
  'no field at all',
  ' folded',
  'From: root (Cron Daemon)',
  `To: ${'x'.repeat(300)}@d.ex`,
]

const some = <T>(random: Seeded, list: readonly T[], limit: number): T[] =>
  Array.from({ length: random.below(limit) }, () => list[random.below(list.length)]).filter(
    (each) => each !== undefined,
  )

describe('random calls', () => {
  it.each(Array.from({ length: 4 }, (_, part) => part))('part %i', { timeout: 120_000 }, async (part) => {
    const random = seeded(SEED * 4 + part)
    const site = await openSite()
    for (let round = 0; round < ROUNDS / 4; round += 1) {
      const args = [...some(random, OPTIONS, 4).flat(), ...some(random, OPERANDS, 3)]
      const stdin = `${some(random, FIELDS, 5).join('\n')}\n${random.pick(['\n', ''])}text\n.\nmore\n`
      const shown = `seed ${SEED}, ${JSON.stringify({ args, stdin })}`
      const { code, signal, stdout, stderr } = await site.run('mq-sendmail', args, { stdin })
      expect({ signal, stdout }, shown).toEqual({ signal: null, stdout: '' })
      expect(Object.values<number | null>(EX), shown).toContain(code)
      expect(code, shown).not.toBe(EX.SOFTWARE)
      expect(stderr, shown).not.toMatch(/^\s+at |internal error/m)
      if (code !== 0) expect(stderr, shown).toMatch(/^mq-sendmail: /)
    }
    const recipients = [
      ...site.received.flatMap(({ rcptTo }) => rcptTo),
      ...site.queued().flatMap(({ recipients: queued }) => queued),
    ]
    expect(recipients.length).toBeGreaterThan(0)
    expect(recipients.filter((recipient) => /never|^-|[<>,\s]/.test(recipient))).toEqual([])
    for (const { data } of site.received) {
      const [header = ''] = data.toString('latin1').split('\r\n\r\n')
      expect(header).not.toMatch(/^(?:resent-)?bcc\s*:|hidden@|other@/im)
    }
  })
})
