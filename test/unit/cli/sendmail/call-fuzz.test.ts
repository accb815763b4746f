/**
 * Whatever stands on the command line of mq-sendmail: it is understood or refused in one sentence, and nothing but
 * what follows the options ever becomes a recipient.
 */
import { describe, expect, it } from 'vitest'
import { MailError } from '../../../../src/errors/mail-error.ts'
import { parseSendmailCall } from '../../../../src/cli/sendmail/call.ts'
import type { SendmailCall } from '../../../../src/cli/sendmail/sendmail-call.ts'
import { SENDMAIL_OPTIONS } from '../../../../src/cli/sendmail/options.ts'
import { seeded, type Seeded } from '../../message/seeded.ts'

const ROUNDS = 20_000
const SEED = Number(process.env['MAILQUEUE_FUZZ_SEED'] ?? 1)

const LETTERS = SENDMAIL_OPTIONS.flatMap(({ letter }) => letter ?? [])
const NAMES = SENDMAIL_OPTIONS.flatMap(({ long, also = [] }) => [
  ...(long === undefined ? [] : [long]),
  ...also,
])
const WORDS = [
  '',
  'a@d.ex',
  'root',
  'on',
  'off',
  'i',
  'dq',
  '30m',
  '0.1',
  'never',
  '8BITMIME',
  '\0',
  'ä=b',
  '<>',
  '=',
]

function word(random: Seeded): string {
  const [letter = '', name = '', text = ''] = [LETTERS, NAMES, WORDS].map(
    (list) => list[random.below(list.length)],
  )
  switch (random.below(9)) {
    case 0:
      return `-${letter}`
    case 1:
      return `-${letter}${text}`
    case 2:
      return `-${letter}${LETTERS[random.below(LETTERS.length)] ?? ''}`
    case 3:
      return `--${name}`
    case 4:
      return `--${name}=${text}`
    case 5:
      return `-${String.fromCharCode(33 + random.below(94))}`
    case 6:
      return random.below(4) === 0 ? '--' : `--${text}`
    default:
      return text
  }
}

function parse(args: readonly string[]): SendmailCall | MailError {
  const never = (): never => {
    throw new Error('nothing is printed while the command line is read')
  }
  const terminal = { program: 'mq-sendmail', env: {}, interactive: false, shown: false }
  try {
    return parseSendmailCall({
      ...terminal,
      args,
      print: never,
      guide: never,
      printBytes: never,
      complain: never,
    })
  } catch (error) {
    if (error instanceof MailError) return error
    throw error
  }
}

describe('a random command line', () => {
  it(`is understood or refused with 64, ${ROUNDS} times`, () => {
    const random = seeded(SEED)
    let understood = 0
    for (let round = 0; round < ROUNDS; round += 1) {
      const args = Array.from({ length: random.below(6) }, () => word(random))
      const shown = `seed ${SEED}, ${JSON.stringify(args)}`
      const result = parse(args)
      if (result instanceof MailError) {
        expect(result.exitCode, shown).toBe(64)
        expect(result.publicMessage, shown).toMatch(/^[^\n]+$/)
        continue
      }
      understood += 1
      const { operands } = result
      expect(args.slice(args.length - operands.length), shown).toEqual(operands)
      const before = args[args.length - operands.length - 1]
      if (operands.some((each) => each.startsWith('-'))) expect(before, shown).toBe('--')
    }
    expect(understood).toBeGreaterThan(ROUNDS / 10)
    expect(understood).toBeLessThan(ROUNDS)
  })
})
