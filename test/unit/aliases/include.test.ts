/**
 * Included files: real files of every kind, and what may stand in them.
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { expandRecipients, type Expansion } from '../../../src/aliases/expand.ts'
import { INCLUDE_LIMIT, parseInclude, readInclude } from '../../../src/aliases/include.ts'
import { parseAliases } from '../../../src/aliases/parse.ts'
import { MailError } from '../../../src/errors/mail-error.ts'

let directory = ''
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'mq-include-'))))
afterEach(() => rmSync(directory, { recursive: true, force: true }))

function file(name: string, text: string | Buffer): string {
  const path = join(directory, name)
  writeFileSync(path, text)
  return path
}

function expand(text: string, recipient: string): Expansion {
  return expandRecipients([recipient], {
    aliases: parseAliases(text, 'A').aliases,
    localDomains: [],
    readInclude,
  })
}

/** Root may read everything: then the call is made as another user. */
function withoutPrivileges<T>(call: () => T): T {
  const isRoot = process.geteuid?.() === 0
  if (isRoot) process.seteuid?.(65534)
  try {
    return call()
  } finally {
    if (isRoot) process.seteuid?.(0)
  }
}

describe('an included file', () => {
  it('gives all of its addresses, and names are expanded again', () => {
    const list = file(
      'l',
      '# list\n\ni1@d.ex, i2@d.ex # two\r\n  "I, 3" <i3@d.ex>\n i4 i5\n\\root\n,\nlast@d.ex',
    )
    expect(expand(`incl: :include:${list}\ni5: five@d.ex\nroot: no@d.ex`, 'incl')).toEqual({
      recipients: ['i1@d.ex', 'i2@d.ex', 'i3@d.ex', 'i4', 'five@d.ex', 'root', 'last@d.ex'],
      refused: [],
      warnings: [],
      discarded: [],
    })
  })

  it('may include another one', () => {
    const inner = file('inner', 'x@d.ex\n')
    const outer = file('outer', `:include:${inner}\ny@d.ex\n`)
    expect(expand(`k: :include:${outer}`, 'k').recipients).toEqual(['x@d.ex', 'y@d.ex'])
  })

  it('that includes itself is a loop and not a hang', () => {
    const path = file('self', `:include:${join(directory, 'self')}\n`)
    expect(expand(`k: :include:${path}`, 'k').refused).toEqual([
      { recipient: 'k', reason: `alias loop: :include:${path} -> :include:${path}` },
    ])
  })

  it('cannot name commands, files, discards or errors', () => {
    const list = file('l', '"|/bin/cat"\n/tmp/f\nok@d.ex\n/dev/null\n:fail: no\n')
    const { recipients, warnings, discarded } = expand(`k: :include:${list}`, 'k')
    expect(recipients).toEqual(['ok@d.ex'])
    expect(discarded).toEqual([])
    expect(warnings).toEqual([
      `${list}:1: pipe targets are not allowed in an included file`,
      `${list}:2: file targets are not allowed in an included file`,
      `${list}:4: discard targets are not allowed in an included file`,
      `${list}:5: error targets are not allowed in an included file`,
    ])
  })

  it('that holds no address refuses the recipient', () => {
    expect(expand(`k: :include:${file('l', '# nobody\n')}`, 'k').refused).toEqual([
      { recipient: 'k', reason: 'its alias leads to nobody' },
    ])
  })

  it('that is no list gives a few problems, not thousands', () => {
    const { targets, problems } = parseInclude('<<>>\n'.repeat(5000), '/l')
    expect(targets).toEqual([])
    expect(problems).toHaveLength(11)
    expect(problems[10]).toBe('/l: 4990 more lines are no addresses')
  })
})

describe('a file that cannot be included', () => {
  const reasonOf = (path: string): string => {
    try {
      readInclude(path)
    } catch (error) {
      if (error instanceof MailError && error.code === 'ALIAS_UNUSABLE') return error.message
    }
    return 'was read'
  }

  it('is named with the reason', () => {
    execFileSync('mkfifo', [join(directory, 'fifo')])
    file('large', Buffer.alloc(INCLUDE_LIMIT + 1, 'a'))
    const cases: [string, string][] = [
      ['relative/list', 'the path is not absolute'],
      ['', 'the path is not absolute'],
      [join(directory, 'none'), 'no such file'],
      [join(directory, 'large', 'x'), 'no such file'],
      [directory, 'not a regular file'],
      [join(directory, 'fifo'), 'not a regular file'],
      ['/dev/zero', 'not a regular file'],
      [join(directory, 'large'), 'larger than 1048576 bytes'],
    ]
    for (const [path, reason] of cases) expect(reasonOf(path)).toBe(`cannot include "${path}": ${reason}`)
  })

  it('is read up to exactly the limit', () => {
    expect(readInclude(file('l', Buffer.alloc(INCLUDE_LIMIT, 'a')))).toHaveLength(INCLUDE_LIMIT)
  })

  it('is refused when it is not readable', () => {
    const path = file('l', 'a@d.ex\n')
    chmodSync(path, 0)
    expect(withoutPrivileges(() => reasonOf(path))).toBe(`cannot include "${path}": permission denied`)
  })
})

it.skipIf(!existsSync('/proc/self/mem'))(
  'An error that says nothing about the file is thrown as one that may pass',
  () => {
    expect(() => readInclude('/proc/self/mem')).toThrow(
      expect.objectContaining({ code: 'QUEUE_IO', temporary: true }),
    )
  },
)

it('A passing shortage while an included file is read is thrown, so that the mail can be tried again', () => {
  const shortage = new MailError('QUEUE_IO', 'cannot read /l: too many open files in this process')
  const { aliases } = parseAliases('k: :include:/l\n', 'A')
  const readShort = (): never => {
    throw shortage
  }
  expect(() => expandRecipients(['k'], { aliases, localDomains: [], readInclude: readShort })).toThrow(
    shortage,
  )
})
