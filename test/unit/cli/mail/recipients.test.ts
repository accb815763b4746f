/** Recipients as callers of mail(1) write them. */
import { describe, expect, it } from 'vitest'
import { doubtfulNames, readMailboxes as readWithAliases } from '../../../../src/cli/mail/recipients.ts'
import { MailError } from '../../../../src/errors/mail-error.ts'

const readMailboxes = (texts: readonly string[]) => readWithAliases(texts, new Map())

const A = { address: 'a@x.ex' }
const B = { address: 'b@x.ex' }

describe('a list of recipients', () => {
  it.each([
    ['a@x.ex', [A]],
    ['a@x.ex,b@x.ex', [A, B]],
    ['a@x.ex, b@x.ex', [A, B]],
    ['a@x.ex;b@x.ex', [A, B]],
    ['a@x.ex b@x.ex', [A, B]],
    ['a@x.ex  b@x.ex,', [A, B]],
    [',a@x.ex,,', [A]],
    ['', []],
    [' , ; ', []],
    ['root', [{ address: 'root' }]],
    ['Bob B <a@x.ex>', [{ address: 'a@x.ex', name: 'Bob B' }]],
    ['"Doe, John" <a@x.ex>, b@x.ex', [{ address: 'a@x.ex', name: 'Doe, John' }, B]],
    ['a@x.ex (Bob, B)', [{ address: 'a@x.ex', name: 'Bob, B' }]],
    ['a@x.ex b@x.ex, "Doe; J" <c@x.ex>', [A, B, { address: 'c@x.ex', name: 'Doe; J' }]],
    ['Team: a@x.ex, b@x.ex;', [A, B]],
    ['<a@x.ex>', [A]],
  ])('%j', (text, mailboxes) => {
    expect(readMailboxes([text])).toEqual({ mailboxes, problems: [] })
  })

  it.each([
    ['root a@x.ex', [{ address: 'root' }, A]],
    ['a@x.ex  ops root,b@x.ex', [A, { address: 'ops' }, { address: 'root' }, B]],
  ])('%j, where root and ops are known', (text, mailboxes) => {
    expect(doubtfulNames([text]).sort()).toEqual(expect.arrayContaining(['root']))
    expect(readWithAliases([text], new Map(), new Set(['root', 'ops']))).toEqual({ mailboxes, problems: [] })
  })

  it('is none when a bare word in it is not known, and says what to do', () => {
    expect(doubtfulNames(['Bob Smith b@x.ex', 'Bob <b@x.ex>', 'root', 'a@x.ex b@x.ex'])).toEqual([
      'Bob',
      'Smith',
    ])
    expect(readWithAliases(['Bob Smith b@x.ex'], new Map(), new Set(['root', 'Bob']))).toEqual({
      mailboxes: [],
      problems: [
        expect.stringMatching(/^"Bob Smith b@x\.ex" is not [^\n]+; if it is a list, put commas between /),
      ],
    })
  })

  it.each(['bad addr', 'a@x.ex root', 'a@@x.ex', '-oQ/tmp/x', 'a@x..ex', '<>', 'a b <'])(
    'with %j beside a good one has a problem and the good one',
    (bad) => {
      const { mailboxes, problems } = readMailboxes([bad, 'b@x.ex'])
      expect(mailboxes).toEqual([B])
      expect(problems).toHaveLength(1)
    },
  )

  it.each([
    '/tmp/file',
    '/dev/null',
    '|cat > /tmp/p',
    ' | cat',
    '"|cat"',
    '"/tmp/f"',
    'a@x.ex, /tmp/f',
    'a@x.ex\nX: y',
    'a@x.ex\r',
  ])('with %j ends the call', (text) => {
    expect(() => readMailboxes(['b@x.ex', text])).toThrow(MailError)
    try {
      readMailboxes([text])
    } catch (error) {
      expect(error).toMatchObject({ exitCode: 64 })
    }
  })
})

describe('personal aliases', () => {
  const aliases = new Map([
    ['team', ['a@x.ex', '"Bob B" <b@x.ex>, root']],
    ['root', ['team']],
  ])

  it('stand for their members, and a name behind a backslash is none', () => {
    const { mailboxes, problems } = readWithAliases(['team, \\root', 'c@x.ex'], aliases)
    expect(problems).toEqual([])
    const bob = { address: 'b@x.ex', name: 'Bob B' }
    expect(mailboxes).toEqual([A, bob, { address: 'root' }, { address: 'c@x.ex' }])
  })
})
