/**
 * Expansion: who gets the mail, what is refused and why, and that it always ends.
 */
import { describe, expect, it } from 'vitest'
import {
  DEPTH_LIMIT,
  expandRecipients,
  type AliasSource,
  type Expansion,
} from '../../../src/aliases/expand.ts'
import { parseAliases } from '../../../src/aliases/parse.ts'
import { MailError } from '../../../src/errors/mail-error.ts'

/** Expands one recipient or several by the text of an aliases file. */
function expand(text: string, recipients: string | string[], changes: Partial<AliasSource> = {}): Expansion {
  return expandRecipients([recipients].flat(), {
    aliases: parseAliases(text, 'A').aliases,
    localDomains: ['h.example', 'MAIL.example'],
    readInclude: (path) => {
      throw new MailError('ALIAS_UNUSABLE', `cannot include "${path}": no such file`)
    },
    ...changes,
  })
}

const only = (...recipients: string[]): Expansion => ({
  recipients,
  refused: [],
  warnings: [],
  discarded: [],
})

describe('names that are expanded', () => {
  it.each<[string, string, string, string[]]>([
    ['a list', 'lst: one@d.ex, two@d.ex', 'lst', ['one@d.ex', 'two@d.ex']],
    ['a name in capitals', 'lst: one@d.ex', 'LST', ['one@d.ex']],
    ['a key in capitals', 'MiXed: one@d.ex', 'mixed', ['one@d.ex']],
    ['a name with a dot and a quoted key', '"quo.ted": q@d.ex', 'quo.ted', ['q@d.ex']],
    ['a name with a blank', '"quo ted": q@d.ex', '"quo ted"', ['q@d.ex']],
    ['a chain', 'a: b\nb: c\nc: x@d.ex', 'a', ['x@d.ex']],
    ['two ways to one address, once', 'a: b, c\nb: x@d.ex\nc: X@D.ex, x@D.EX', 'a', ['x@d.ex', 'X@D.ex']],
    ['an address at localhost', 'root: boss@d.ex', 'root@localhost', ['boss@d.ex']],
    ['an address at this host', 'root: boss@d.ex', 'Root@H.example', ['boss@d.ex']],
    [
      'an address at the mail name, with the final dot',
      'root: boss@d.ex',
      'root@mail.example.',
      ['boss@d.ex'],
    ],
    ['a local address in the table', 'a: b@localhost\nb: x@d.ex', 'a', ['x@d.ex']],
    ['a name that is not to be expanded again', 'root: \\root, boss@d.ex', 'root', ['root', 'boss@d.ex']],
    ['a verbatim name with an alias of its own', 'a: \\b\nb: x@d.ex', 'a', ['b']],
    ['an alias that is only itself', 'root: root', 'root', ['root']],
  ])('%s', (_what, text, recipient, expected) => {
    expect(expand(text, recipient)).toEqual(only(...expected))
  })

  it('in the order of the recipients and of the targets, each once', () => {
    const { recipients } = expand('a: 2@d.ex, 1@d.ex\nb: 3@d.ex, 2@d.ex', [
      '9@d.ex',
      'b',
      'a',
      '9@d.ex',
      '0@d.ex',
    ])
    expect(recipients).toEqual(['9@d.ex', '3@d.ex', '2@d.ex', '1@d.ex', '0@d.ex'])
  })
})

describe('what passes through unchanged', () => {
  it.each(['nosuch', 'nosuch@localhost', 'root@d.ex', 'root+tag', '"root@h.example"@d.ex'])(
    '%s',
    (recipient) => {
      expect(expand('root: boss@d.ex', recipient)).toEqual(only(recipient))
    },
  )

  it('a remote address beside a file with pipes and syntax errors', () => {
    expect(expand('junk\np: "|/bin/false"\nf: /tmp/f\n:::\n', 'one@d.ex')).toEqual(only('one@d.ex'))
  })
})

describe('the self-reference', () => {
  it.each(['root', 'ROOT', 'root@localhost'])('%s is dropped with a warning, and the others stay', (self) => {
    expect(expand(`root: ${self}, boss@d.ex`, 'root')).toEqual({
      ...only('boss@d.ex'),
      warnings: ['alias root names itself; there is no local delivery, the other targets are used'],
    })
  })
})

describe('a loop', () => {
  it('is refused with the way it takes', () => {
    expect(expand('a: b\nb: c@localhost\nc: a', 'A')).toEqual({
      ...only(),
      refused: [{ recipient: 'A', reason: 'alias loop: a -> b -> c -> a' }],
    })
  })

  it('is a warning when there is somebody beside it', () => {
    expect(expand('a: b, x@d.ex\nb: a', 'a')).toEqual({
      ...only('x@d.ex'),
      warnings: ['alias loop: a -> b -> a'],
    })
  })
})

describe('the size of the table', () => {
  const chain = (length: number): string =>
    Array.from({ length }, (_, i) => `n${i}: n${i + 1}\n`).join('') + `n${length}: x@d.ex\n`

  it('lets a chain be as long as the limit', () => {
    expect(expand(chain(DEPTH_LIMIT - 1), 'n0')).toEqual(only('x@d.ex'))
  })

  it('refuses a chain that is longer', () => {
    expect(expand(chain(100_000), 'n0').refused).toEqual([
      { recipient: 'n0', reason: `aliases are nested more than ${DEPTH_LIMIT} deep at n${DEPTH_LIMIT}` },
    ])
  })

  it('does not multiply the work where names meet again and again', () => {
    const layer = (i: number): string => {
      const between = Array.from({ length: 8 }, (_, k) => `m${i}-${k}`)
      return `n${i}: ${between.join(', ')}\n${between.map((name) => `${name}: n${i + 1}\n`).join('')}`
    }
    const layers = Array.from({ length: 15 }, (_, i) => layer(i)).join('')
    expect(expand(`${layers}n15: x@d.ex`, 'n0')).toEqual(only('x@d.ex'))
  })
})

describe('targets that are never used', () => {
  it.each<[string, string]>([
    ['"|/bin/cat >f"', 'alias k: the command "/bin/cat >f" is not run; name an address instead'],
    ['/tmp/f', 'alias k: the file "/tmp/f" is not written; name an address instead'],
    [':fail: moved away', 'alias k: moved away'],
    [':fail:', 'alias k: mail is refused'],
    [':include:/none', 'alias k: cannot include "/none": no such file'],
  ])('%s refuses the recipient when it is alone, else it is a warning', (target, reason) => {
    expect(expand(`k: ${target}`, 'k@localhost')).toEqual({
      ...only(),
      refused: [{ recipient: 'k@localhost', reason }],
    })
    expect(expand(`k: x@d.ex, ${target}`, 'k')).toEqual({ ...only('x@d.ex'), warnings: [reason] })
  })

  it('give all reasons when there are several', () => {
    expect(expand('k: "|a", j\nj: /b', 'k').refused[0]?.reason).toBe(
      'alias k: the command "a" is not run; name an address instead; ' +
        'alias j: the file "/b" is not written; name an address instead',
    )
  })

  it('do not harm the other recipients', () => {
    const { recipients, refused } = expand('k: "|a"', ['one@d.ex', 'k', 'two@d.ex'])
    expect(recipients).toEqual(['one@d.ex', 'two@d.ex'])
    expect(refused.map(({ recipient }) => recipient)).toEqual(['k'])
  })
})

describe('/dev/null', () => {
  it('drops the mail and is no failure', () => {
    expect(expand('k: /dev/null', 'k')).toEqual({ ...only(), discarded: ['k'] })
  })

  it('leaves the other targets', () => {
    expect(expand('k: /dev/null, x@d.ex', 'k')).toEqual({ ...only('x@d.ex'), discarded: ['k'] })
  })
})

describe('the catch-all', () => {
  it.each<[string, boolean, string[]]>([
    ['default: d@d.ex', true, ['d@d.ex']],
    ['*: d@d.ex', true, ['d@d.ex']],
    ['*: star@d.ex\ndefault: d@d.ex', true, ['d@d.ex']],
    ['default: admin', true, ['admin']],
    ['default: default, d@d.ex', true, ['d@d.ex']],
    ['default: d@d.ex', false, ['nosuch']],
  ])('%j, switched on: %s', (text, catchAll, expected) => {
    expect(expand(text, 'nosuch', { catchAll }).recipients).toEqual(expected)
  })

  it('does not take names that have an alias, or remote addresses', () => {
    const { recipients } = expand('default: d@d.ex\nroot: boss@d.ex', ['root', 'a@x.ex'], { catchAll: true })
    expect(recipients).toEqual(['boss@d.ex', 'a@x.ex'])
  })

  it('takes addresses at domains of this host', () => {
    const named = ['a@localhost', 'b@H.example', 'c@mail.example.', 'd@sub.h.example']
    expect(expand('*: d@d.ex', named, { catchAll: true })).toEqual(only('d@d.ex', 'd@sub.h.example'))
  })

  it('does not take names in the table, so that it never goes round', () => {
    const table = 'default: root\nroot: ann\nself: self'
    expect(expand(table, ['nosuch', 'root', 'self'], { catchAll: true })).toEqual(only('ann', 'self'))
  })

  it('ends in a loop like every other alias when it is written as one', () => {
    expect(expand('default: root\nroot: default', 'nosuch', { catchAll: true }).refused).toEqual([
      { recipient: 'nosuch', reason: 'alias loop: default -> root -> default' },
    ])
  })

  it.each(['default: "|cat"', '*: "|cat"'])('%s refuses what it catches', (table) => {
    const key = table.slice(0, table.indexOf(':'))
    expect(expand(table, 'nosuch', { catchAll: true }).refused).toEqual([
      {
        recipient: 'nosuch',
        reason: `alias ${key}: the command "cat" is not run; name an address instead`,
      },
    ])
  })
})

describe('a name with a tag', () => {
  it.each<[string, string, string[]]>([
    ['+', 'root+tag', ['boss@d.ex']],
    ['+', 'ROOT+a+b@localhost', ['boss@d.ex']],
    ['-', 'root-tag', ['boss@d.ex']],
    ['+', 'root+own', ['own@d.ex']],
    ['+', '+root', ['+root']],
    ['+', 'nosuch+root', ['nosuch+root']],
    ['+', 'root+tag@x.ex', ['root+tag@x.ex']],
    ['-', 'root+tag', ['root+tag']],
  ])('with the delimiter %s: %s', (delimiter, name, wanted) => {
    expect(expand('root: boss@d.ex\nroot+own: own@d.ex', name, { delimiter })).toEqual(only(...wanted))
  })

  it('is not known without a delimiter', () => {
    expect(expand('root: boss@d.ex', 'root+tag')).toEqual(only('root+tag'))
  })

  it('in its own alias means the name itself', () => {
    expect(expand('root: root+here, boss@d.ex', 'root', { delimiter: '+' })).toEqual({
      ...only('boss@d.ex'),
      warnings: ['alias root names itself; there is no local delivery, the other targets are used'],
    })
  })
})
