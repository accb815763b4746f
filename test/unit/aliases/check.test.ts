/**
 * The check of an aliases file: what it finds, where it says it is, and that a large file is checked in one go.
 */
import { describe, expect, it } from 'vitest'
import { checkAliases } from '../../../src/aliases/check.ts'
import { DEPTH_LIMIT, type AliasSource } from '../../../src/aliases/expand.ts'
import { parseAliases } from '../../../src/aliases/parse.ts'
import { MailError } from '../../../src/errors/mail-error.ts'

/** Lists by their paths. */
type Lists = Readonly<Record<string, string>>

function check(text: string, changes: Partial<AliasSource> = {}, lists: Lists = {}): string[] {
  const parsed = parseAliases(text, 'A')
  return checkAliases(parsed, 'A', {
    aliases: parsed.aliases,
    localDomains: ['h.example'],
    readInclude: (path) => {
      const list = lists[path]
      if (list === undefined) throw new MailError('ALIAS_UNUSABLE', `cannot include "${path}": no such file`)
      return list
    },
    ...changes,
  })
}

describe('a good file', () => {
  it.each([
    '',
    'root: boss@d.ex\nlst: root, a@d.ex\n',
    'self: self\nverbatim: \\verbatim, a@d.ex\nnosuch: nobody-here\n',
    'drop: /dev/null\nrefused: :fail: moved away\n',
    'a: c\nb: c\nc: x@d.ex\n',
    'a: a@x.ex\n',
  ])('has no problems: %j', (text) => {
    expect(check(text)).toEqual([])
  })

  it('may have lists that name aliases', () => {
    expect(check('k: :include:/l\nj: :include:/l\nroot: a@d.ex\n', {}, { '/l': 'root\nb@d.ex\n' })).toEqual(
      [],
    )
  })

  it('may have a catch-all where it is switched on', () => {
    expect(check('default: root\nroot: ann\n', { catchAll: true })).toEqual([])
    expect(check('*: root\n', { catchAll: true })).toEqual([])
  })
})

describe('a loop', () => {
  it.each<[string, string[]]>([
    ['a: b\nb: a\n', ['A:2: alias b: alias loop: a -> b -> a']],
    ['x: a\na: b@localhost\nb: x@d.ex, A\n', ['A:3: alias b: alias loop: a -> b -> a']],
    [
      'a: b\nb: a\n\nc: d\nd: c, b\n',
      ['A:2: alias b: alias loop: a -> b -> a', 'A:5: alias d: alias loop: c -> d -> c'],
    ],
    ['default: root\nroot: default\n', ['A:2: alias root: alias loop: default -> root -> default']],
  ])('is told once, with the line that closes it: %j', (text, problems) => {
    expect(check(text, { catchAll: text.includes('default') })).toEqual(problems)
  })

  it('may go through a list', () => {
    expect(check('k: :include:/l\n', {}, { '/l': 'k\n' })).toEqual(['/l: alias loop: k -> :include:/l -> k'])
    expect(check('k: :include:/l\n', {}, { '/l': ':include:/l\n' })).toEqual([
      '/l: alias loop: :include:/l -> :include:/l',
    ])
  })

  it('that is long is not shown as a whole', () => {
    const length = 1000
    const ring = Array.from({ length }, (_, i) => `n${i}: n${(i + 1) % length}\n`).join('')
    const [problem] = check(ring)
    expect(problem).toBe(
      'A:1000: alias n999: alias loop: n0 -> n1 -> n2 -> n3 -> n4 -> n5 -> n6 -> n7 -> n8 -> ... -> n999 -> n0',
    )
  })

  it('is found where names have tags', () => {
    expect(check('a: b+x\nb: a+y\n', { delimiter: '+' })).toEqual(['A:2: alias b: alias loop: a -> b -> a'])
  })
})

describe('what is never used', () => {
  it.each<[string, string]>([
    ['k: "|/bin/cat"', 'A:1: alias k: the command "/bin/cat" is not run; name an address instead'],
    ['k: a@d.ex, /f', 'A:1: alias k: the file "/f" is not written; name an address instead'],
    ['\nk: :include:/none', 'A:2: alias k: cannot include "/none": no such file'],
    ['k: :include:/empty', 'A:1: alias k: the list /empty has no address'],
    [
      'root: root, a@d.ex',
      'A:1: alias root: it names itself; there is no local delivery, only the other targets are used',
    ],
  ])('is told with file and line: %j', (text, problem) => {
    expect(check(text, {}, { '/empty': '# nobody\n' })).toEqual([problem])
  })

  it('is told once, with the line of the list, however many aliases lead there', () => {
    const lists = { '/l': 'a@d.ex\n"|cat"\n' }
    expect(check('k: :include:/l\nj: k, :include:/l\n', {}, lists)).toEqual([
      '/l:2: pipe targets are not allowed in an included file',
    ])
  })

  it.each<[string, boolean, string]>([
    ['default: a@d.ex', false, 'A:1: alias default catches nothing without default_alias = yes'],
    ['*: a@d.ex', false, 'A:1: alias * catches nothing without default_alias = yes'],
    ['*: a@d.ex\ndefault: b@d.ex', true, 'A:1: alias * has no effect besides default'],
    ['root: a@d.ex', true, 'A: default_alias = yes, but no alias is called default or *'],
  ])('such as a catch-all that catches nothing: %j, switched on: %s', (text, catchAll, problem) => {
    expect(check(text, { catchAll })).toEqual([problem])
  })
})

describe('the size of a file', () => {
  const chain = (length: number): string =>
    Array.from({ length }, (_, i) => `n${i}: n${i + 1}\n`).join('') + `n${length}: x@d.ex\n`

  it('is no problem while chains are within the limit', () => {
    expect(check(chain(DEPTH_LIMIT - 1))).toEqual([])
  })

  it('lets a chain that is too long be told once, where it becomes so', () => {
    const length = 100_000
    expect(check(chain(length))).toEqual([
      `A:${length - DEPTH_LIMIT + 1}: alias n${length - DEPTH_LIMIT}: aliases are nested more than ${DEPTH_LIMIT} deep from here`,
    ])
  })

  it('does not multiply the work where every name leads to every name behind it', () => {
    const names = Array.from({ length: 400 }, (_, i) => `n${i}`)
    const text = names.map((name, i) => `${name}: ${[...names.slice(i + 1), 'x@d.ex'].join(', ')}\n`).join('')
    expect(check(text)).toHaveLength(1)
  })
})

it('A passing shortage while a list is read is thrown', () => {
  const shortage = new MailError('QUEUE_IO', 'cannot read /l: too many open files in this process')
  const readInclude = (): never => {
    throw shortage
  }
  expect(() => check('k: :include:/l', { readInclude })).toThrow(shortage)
})
