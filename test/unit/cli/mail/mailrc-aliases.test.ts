/** Promises of src/cli/mail/mailrc-aliases.ts: every name leads to somebody, and it always ends. */
import { describe, expect, it } from 'vitest'
import { expandMailAliases } from '../../../../src/cli/mail/mailrc-aliases.ts'

const expand = (aliases: Record<string, string[]>, ...names: string[]) =>
  expandMailAliases(names, new Map(Object.entries(aliases)))

describe('expandMailAliases', () => {
  it('follows aliases into each other, in order, each address once', () => {
    const aliases = {
      a: ['b', 'x@h.example'],
      b: ['c, y@h.example', 'Z <z@h.example>, c'],
      c: ['c@h.example'],
    }
    expect(expand(aliases, 'a', 'y@h.example', 'other')).toEqual([
      'c@h.example',
      'y@h.example',
      'Z <z@h.example>',
      'x@h.example',
      'other',
    ])
  })

  it('compares names with regard to case', () => {
    expect(expand({ ops: ['one@h.example'] }, 'Ops', 'ops')).toEqual(['Ops', 'one@h.example'])
  })

  it('expands an address that is the name of an alias', () => {
    expect(expand({ 'a@h.example': ['b@h.example'] }, 'a@h.example')).toEqual(['b@h.example'])
  })

  it('takes a name inside its own alias for the address, and a backslash for the end of it', () => {
    expect(expand({ root: ['root', 'ann@h.example'] }, 'root')).toEqual(['root', 'ann@h.example'])
    expect(expand({ root: ['\\root', 'ann@h.example'] }, 'root')).toEqual(['root', 'ann@h.example'])
    expect(expand({ root: ['ann@h.example'] }, '\\root')).toEqual(['root'])
  })

  it('goes round once where aliases name each other, and loses nobody', () => {
    const loop = { a: ['b'], b: ['c@h.example', 'd'], d: ['e@h.example', 'a'] }
    expect(expand(loop, 'a')).toEqual(['c@h.example', 'e@h.example'])
    expect(expand({ a: ['b'], b: ['a'] }, 'a')).toEqual(['a'])
    expect(expand({ a: [] }, 'a')).toEqual(['a'])
  })

  it('ends for chains of any length and for aliases that double each other', () => {
    const chain = Object.fromEntries(Array.from({ length: 30_000 }, (_, at) => [`n${at}`, [`n${at + 1}`]]))
    expect(expand(chain, 'n0')).toEqual(['n30000'])
    const doubled = Object.fromEntries(
      Array.from({ length: 64 }, (_, at) => [`n${at}`, [`n${at + 1}`, `n${at + 1}`]]),
    )
    expect(expand(doubled, 'n0')).toEqual(['n64'])
  })

  it('takes an alias with as many members as a file can have', () => {
    const members = Array.from({ length: 200_000 }, (_, at) => `m${at}`)
    expect(expand({ all: members }, 'all')).toEqual(members)
  })

  it('keeps what is no address list whole, for others to refuse', () => {
    expect(expand({ a: ['b@h.example c@h.example'] }, 'a')).toEqual(['b@h.example c@h.example'])
  })
})
