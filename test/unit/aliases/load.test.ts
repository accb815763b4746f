/**
 * The aliases file from disk, named by the user or the default one, and when it is needed at all.
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadAliases } from '../../../src/aliases/load.ts'
import { localName, needsAliases } from '../../../src/aliases/local-name.ts'

let directory = ''
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'mq-aliases-'))))
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const explicit = { explicit: true }
const byDefault = { explicit: false }
const nothing = { aliases: new Map(), lines: new Map(), warnings: [] }

/** Root may read everything: then the call is made as another user. */
function withoutPrivileges(call: () => void): void {
  const isRoot = process.geteuid?.() === 0
  if (isRoot) process.seteuid?.(65534)
  try {
    call()
  } finally {
    if (isRoot) process.seteuid?.(0)
  }
}

describe('an aliases file', () => {
  it('is read with its warnings', () => {
    const path = join(directory, 'aliases')
    writeFileSync(path, 'junk\nroot: boss@d.ex\n')
    const expected = {
      aliases: new Map([['root', [{ kind: 'address', address: 'boss@d.ex' }]]]),
      lines: new Map([['root', 2]]),
      warnings: [`${path}:1: no colon after the alias name; the line is skipped`],
    }
    expect(loadAliases(path, explicit)).toEqual(expected)
    expect(loadAliases(path, byDefault)).toEqual(expected)
  })

  it('that is missing is an error only when the user named it', () => {
    const path = join(directory, 'none')
    expect(loadAliases(path, byDefault)).toEqual(nothing)
    expect(() => loadAliases(path, explicit)).toThrow(
      expect.objectContaining({
        code: 'CONFIG_MISSING',
        message: `cannot read the aliases file ${path}: no such file; correct the path or its permissions`,
      }),
    )
  })

  it('that is no regular file is an error when the user named it, else a warning', () => {
    const path = join(directory, 'fifo')
    execFileSync('mkfifo', [path])
    const sentence = `cannot read the aliases file ${path}: not a regular file`
    expect(loadAliases(path, byDefault)).toEqual({
      ...nothing,
      warnings: [`${sentence}; no alias is expanded`],
    })
    expect(() => loadAliases(path, explicit)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
  })

  it('that is not readable is denied when named, else a warning', () => {
    const path = join(directory, 'aliases')
    writeFileSync(path, 'root: boss@d.ex\n')
    chmodSync(path, 0)
    const sentence = `cannot read the aliases file ${path}: permission denied`
    withoutPrivileges(() => {
      const warnings = [`${sentence}; no alias is expanded`]
      expect(loadAliases(path, byDefault)).toEqual({ ...nothing, warnings })
      expect(() => loadAliases(path, explicit)).toThrow(expect.objectContaining({ code: 'CONFIG_DENIED' }))
    })
  })

  it('may be /dev/null, to have no aliases', () => {
    expect(loadAliases('/dev/null', explicit)).toEqual(nothing)
  })
})

describe('the aliases file is needed', () => {
  it.each<[string[], boolean]>([
    [['root'], true],
    [['a@d.ex', 'root@LOCALHOST'], true],
    [['root@h.example'], true],
    [['"a@b"'], true],
    [['a@d.ex', 'root@sub.h.example'], false],
    [[], false],
  ])('for %j: %s', (recipients, expected) => {
    expect(needsAliases(recipients, ['H.example'])).toBe(expected)
  })
})

it('The alias name of a local address is its local part without quotes, in lower case', () => {
  expect(localName('"A B"@localhost', [])).toBe('a b')
  expect(localName('"x@localhost"@d.ex', [])).toBeUndefined()
})
