/**
 * The aliases file as a table: every form of key and target, and that a bad line harms no other.
 */
import { describe, expect, it } from 'vitest'
import { parseAliases } from '../../../src/aliases/parse.ts'
import type { AliasTarget } from '../../../src/aliases/targets.ts'

function targetsOf(text: string, key: string): readonly AliasTarget[] | undefined {
  return parseAliases(text, 'A').aliases.get(key)
}

/** The addresses of an alias, when all of its targets are addresses. */
function addressesOf(text: string, key: string): string[] | undefined {
  return targetsOf(text, key)?.map((target) => (target.kind === 'address' ? target.address : target.kind))
}

describe('an aliases file', () => {
  it.each<[string, string, string, string[]]>([
    ['a list', 'lst: one@d.ex, two@d.ex\n', 'lst', ['one@d.ex', 'two@d.ex']],
    ['a key in capitals', 'MiXed: a@d.ex\n', 'mixed', ['a@d.ex']],
    ['a quoted key', '"quo.ted": q@d.ex\n', 'quo.ted', ['q@d.ex']],
    ['a quoted key with blanks and a colon', '"quo: \\"ted": q@d.ex\n', 'quo: "ted', ['q@d.ex']],
    ['blanks around the colon', 'k \t:\ta@d.ex\n', 'k', ['a@d.ex']],
    ['a continuation line', 'k: one@d.ex,\n  two@d.ex\n', 'k', ['one@d.ex', 'two@d.ex']],
    ['a continuation line without a comma', 'k: a\n\tb\n', 'k', ['a', 'b']],
    ['a continuation that starts with the comma', 'k:\n a@d.ex\n ,b@d.ex\n', 'k', ['a@d.ex', 'b@d.ex']],
    ['a comment inside a continuation', 'k: a@d.ex,\n# no\n  # no\n\n  b@d.ex\n', 'k', ['a@d.ex', 'b@d.ex']],
    ['names with addresses on two lines', 'k: A B <a@d.ex>\n  C <c@d.ex>\n', 'k', ['a@d.ex', 'c@d.ex']],
    ['a name-addr', 'root: Boss B <boss@d.ex>\n', 'root', ['boss@d.ex']],
    ['a name with a comma', 'root: "B, Boss" <boss@d.ex>, x@d.ex\n', 'root', ['boss@d.ex', 'x@d.ex']],
    ['an inline comment', 'root: boss@d.ex # the boss, a@d.ex\n', 'root', ['boss@d.ex']],
    ['an inline comment before a continuation', 'k: a@d.ex, # A\n  b@d.ex\n', 'k', ['a@d.ex', 'b@d.ex']],
    ['a sharp inside a word or quotes', 'k: a#b@d.ex, "x #y"@d.ex\n', 'k', ['a#b@d.ex', '"x #y"@d.ex']],
    ['no line end at the end', 'root: boss@d.ex', 'root', ['boss@d.ex']],
    ['CRLF line ends', 'a: b@d.ex\r\nroot: x@d.ex,\r\n y@d.ex\r\n', 'root', ['x@d.ex', 'y@d.ex']],
    ['a byte order mark', '\uFEFFroot: boss@d.ex\n', 'root', ['boss@d.ex']],
    ['empty members', 'k: , a@d.ex, , b@d.ex,\n', 'k', ['a@d.ex', 'b@d.ex']],
  ])('may have %s', (_what, text, key, expected) => {
    expect(addressesOf(text, key)).toEqual(expected)
    expect(parseAliases(text, 'A').warnings).toEqual([])
  })

  it.each<[string, AliasTarget]>([
    ['"|/bin/cat -n, x"', { kind: 'pipe', command: '/bin/cat -n, x' }],
    ['|/bin/cat', { kind: 'pipe', command: '/bin/cat' }],
    ['|"/bin/cat \\"x\\""', { kind: 'pipe', command: '/bin/cat "x"' }],
    ['/var/mail/k', { kind: 'file', path: '/var/mail/k' }],
    ['"/var/my mail"', { kind: 'file', path: '/var/my mail' }],
    ['/dev/null', { kind: 'discard' }],
    [':blackhole:', { kind: 'discard' }],
    [':include:/etc/list', { kind: 'include', path: '/etc/list' }],
    ['":Include: /etc/my list"', { kind: 'include', path: '/etc/my list' }],
    [':fail: gone, write to x@d.ex', { kind: 'error', reason: 'gone, write to x@d.ex' }],
    ['error:5.1.1:550 no such user', { kind: 'error', reason: '5.1.1:550 no such user' }],
    ['\\root', { kind: 'verbatim', address: 'root' }],
  ])('knows the target %s', (text, target) => {
    expect(targetsOf(`k: ${text}\n`, 'k')).toEqual([target])
  })

  it('keeps the order of targets of several kinds', () => {
    const kinds = targetsOf('k: a@d.ex, "|x, y", \\k, /dev/null, :include:/l, b\n', 'k')?.map(
      ({ kind }) => kind,
    )
    expect(kinds).toEqual(['address', 'pipe', 'verbatim', 'discard', 'include', 'address'])
  })
})

describe('a bad line', () => {
  it.each<[string, string, string]>([
    ['has no colon', 'junk', 'no colon after the alias name; the line is skipped'],
    ['has no name', ': a@d.ex', 'no alias name before the colon; the line is skipped'],
    ['has an empty target', 'nul:', 'alias nul has no usable target; the line is skipped'],
    [
      'has only a comment for a target',
      'nul: # later',
      'alias nul has no usable target; the line is skipped',
    ],
    [
      'has a name of two words',
      'a b: x@d.ex',
      'white space in the alias name "a b"; quote it; the line is skipped',
    ],
    ['has a domain', 'a@b: x@d.ex', 'the alias name "a@b" has a domain; leave it out; the line is skipped'],
  ])('that %s is a warning and is skipped', (_what, line, warning) => {
    const { aliases, warnings } = parseAliases(`first: 1@d.ex\n${line}\nlast: 2@d.ex\n`, '/etc/aliases')
    expect([...aliases.keys()]).toEqual(['first', 'last'])
    expect(warnings).toEqual([`/etc/aliases:2: ${warning}`])
  })

  it('that is indented at the start of the file is a warning', () => {
    expect(parseAliases('  root: a@d.ex\nk: b@d.ex\n', 'A')).toEqual({
      aliases: new Map([['k', [{ kind: 'address', address: 'b@d.ex' }]]]),
      lines: new Map([['k', 2]]),
      warnings: ['A:1: an indented line with no alias before it; the line is skipped'],
    })
  })

  it('loses only the targets that cannot be used', () => {
    const { aliases, warnings } = parseAliases('k: foo@@bar..x, ok@d.ex, -x@d.ex\n', 'A')
    expect(aliases.get('k')).toEqual([{ kind: 'address', address: 'ok@d.ex' }])
    expect(warnings).toHaveLength(2)
    expect(warnings[0]).toMatch(/^A:1: alias k: "foo@@bar\.\.x" is not a mail address/)
    expect(warnings[1]).toMatch(/^A:1: alias k: the alias target "-x@d\.ex" cannot be used/)
  })

  it('with a quote that is never closed ends with its own entry', () => {
    const { aliases, warnings } = parseAliases('k: a@d.ex, "oops\n  more\nroot: b@d.ex\n', 'A')
    expect(aliases.get('k')).toEqual([{ kind: 'address', address: 'a@d.ex' }])
    expect(aliases.get('root')).toEqual([{ kind: 'address', address: 'b@d.ex' }])
    expect(warnings[0]).toBe('A:1: alias k: " is never closed with "')
  })

  it('that defines a name again leaves the first one', () => {
    const { aliases, warnings } = parseAliases('# x\nk: a@d.ex\nK: b@d.ex\n', 'A')
    expect(aliases).toEqual(new Map([['k', [{ kind: 'address', address: 'a@d.ex' }]]]))
    expect(warnings).toEqual(['A:3: alias k is defined again; the first one counts'])
  })
})

it('A file with a hundred thousand entries and one very long one is read completely', () => {
  const many = Array.from({ length: 100_000 }, (_, i) => `user${i}: u${i}@d.ex\n`).join('')
  const long = `all: ${Array.from({ length: 20_000 }, (_, i) => `u${i}@d.ex`).join(', ')}\n`
  const { aliases, warnings } = parseAliases(many + long, 'A')
  expect(aliases.size).toBe(100_001)
  expect(aliases.get('all')).toHaveLength(20_000)
  expect(warnings).toEqual([])
})
