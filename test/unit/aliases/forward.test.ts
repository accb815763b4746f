/**
 * Forward files of users: real files with every owner and mode, what may stand in them, and their place between
 * the aliases and the catch-all.
 */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { expandRecipients, type AliasSource, type Expansion } from '../../../src/aliases/expand.ts'
import { FORWARD_LIMIT, forwardReader } from '../../../src/aliases/forward.ts'
import { parseAliases } from '../../../src/aliases/parse.ts'

const UID = process.getuid?.() ?? 0
const isRoot = UID === 0

let directory = ''
let passwd = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mq-forward-'))
  chmodSync(directory, 0o755)
  passwd = join(directory, 'passwd')
  const lines = ['ann', 'ben', 'Cyd'].map((name) => {
    mkdirSync(join(directory, name))
    return `${name}:x:${UID}:100::${join(directory, name)}:/bin/sh`
  })
  lines.push(`gone:x:${UID}:100::${join(directory, 'none')}:/bin/sh`, `odd:x:${UID}:100::relative:/bin/sh`)
  lines.push(`device:x:${UID}:100::/dev/null:/bin/sh`)
  writeFileSync(passwd, lines.join('\n'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const pathOf = (user: string): string => join(directory, user, '.forward')

/** Writes the forward file of a user, with a mode that the umask does not change. */
function forward(user: string, text: string, mode = 0o644): string {
  writeFileSync(pathOf(user), text)
  chmodSync(pathOf(user), mode)
  return pathOf(user)
}

function expand(recipients: string | string[], aliases = '', changes: Partial<AliasSource> = {}): Expansion {
  const localDomains = ['h.example']
  const delimiter = changes.delimiter
  return expandRecipients([recipients].flat(), {
    aliases: parseAliases(aliases, 'A').aliases,
    localDomains,
    readInclude: () => '',
    forwardOf: forwardReader({ localDomains, passwd, delimiter }),
    ...changes,
  })
}

const only = (...recipients: string[]): Expansion => ({
  recipients,
  refused: [],
  warnings: [],
  discarded: [],
})

/** The name as it is, with the one reason why it is not forwarded. */
const unforwarded = (user: string, why: string): Expansion => ({
  ...only(user),
  warnings: [`${pathOf(user)}: ${why}; the mail for ${user} is not forwarded`],
})

describe('a forward file', () => {
  it.each<[string, string, string[]]>([
    ['one address', 'ann@d.ex\n', ['ann@d.ex']],
    [
      'a list with comments',
      '# away\nann@d.ex, "A, N" <a@d.ex> # both\r\nb@d.ex',
      ['ann@d.ex', 'a@d.ex', 'b@d.ex'],
    ],
    ['a name, which is looked up', 'boss\n', ['boss@d.ex']],
    ['another user, who forwards', 'ben\n', ['ben@d.ex']],
    ['a name that is not looked up', '\\boss\n', ['boss']],
  ])('may hold %s', (_, text, wanted) => {
    forward('ann', text)
    forward('ben', 'ben@d.ex')
    for (const recipient of ['ann', 'ANN', 'ann@localhost', 'Ann@H.example'])
      expect(expand(recipient, 'boss: boss@d.ex')).toEqual(only(...wanted))
  })

  it('counts for a user whose name has capitals', () => {
    forward('Cyd', 'c@d.ex')
    expect(expand('Cyd')).toEqual(only('c@d.ex'))
  })

  it('counts after the aliases and before the catch-all, also for names in the table', () => {
    forward('ann', 'ann@d.ex')
    forward('ben', 'ben@d.ex')
    const aliases = 'ben: alias@d.ex\nlist: ann, x@d.ex\ndefault: caught@d.ex'
    const { recipients } = expand(['ann', 'ben', 'list', 'gone'], aliases, { catchAll: true })
    expect(recipients).toEqual(['ann@d.ex', 'alias@d.ex', 'x@d.ex', 'caught@d.ex'])
  })

  it('is nobody elses: other hosts and other names', () => {
    forward('ann', 'ann@d.ex')
    const names = ['ann@x.ex', 'gone', 'odd', 'device', 'nosuch', 'root', '../ann', 'constructor']
    expect(expand(names)).toEqual(only(...names))
  })

  it('is found for a name with a tag, unless the tag has its own meaning', () => {
    forward('ann', 'ann@d.ex, ann+here')
    const names = ['ann+news', 'ann+work', 'Ann+x@localhost', '+ann', 'ann-x']
    expect(expand(names, 'ann+work: w@d.ex', { delimiter: '+' }).recipients).toEqual([
      'ann@d.ex',
      'w@d.ex',
      '+ann',
      'ann-x',
    ])
    expect(expand('ann+news')).toEqual(only('ann+news'))
  })
})

describe('the user in his own forward file', () => {
  it.each(['ann', '\\ann', 'ANN@localhost', '\\ann@h.example'])(
    'as %s is dropped with a warning, and the others are used',
    (self) => {
      const path = forward('ann', `${self}, ann@d.ex\n`)
      expect(expand('ann')).toEqual({
        ...only('ann@d.ex'),
        warnings: [`${path} names its own user; there is no local delivery, the other addresses are used`],
      })
      forward('ann', `${self}\n`)
      expect(expand('ann')).toEqual(only('ann'))
    },
  )
})

describe('what is no address', () => {
  it('is left out with a warning, and nothing is run, written or read', () => {
    const marker = join(directory, 'marker')
    const path = forward(
      'ann',
      `"|/bin/touch ${marker}"\n${marker}\n:include:${passwd}\n/dev/null\n:fail: x\na@d.ex\n`,
    )
    const { recipients, warnings, discarded } = expand('ann')
    expect(recipients).toEqual(['a@d.ex'])
    expect(discarded).toEqual([])
    expect(warnings).toEqual(
      ['pipe', 'file', 'include', 'discard', 'error'].map(
        (kind, index) => `${path}:${index + 1}: ${kind} targets are not allowed in a forward file`,
      ),
    )
  })

  it.each(['', '# nobody\n', '\n\n'])('such as %j leaves the mail with the user', (text) => {
    forward('ann', text)
    expect(expand('ann')).toEqual(unforwarded('ann', 'it has no address'))
  })

  it('beside the user himself leaves the mail with him, with a word about it', () => {
    const path = forward('ann', '\\ann, "|/usr/bin/vacation ann"\n')
    expect(expand('ann')).toEqual({
      ...only('ann'),
      warnings: [`${path}:1: pipe targets are not allowed in a forward file`],
    })
  })
})

describe('a loop', () => {
  it('of forward files and aliases ends and is told with the way it takes', () => {
    forward('ann', 'ben')
    forward('ben', 'root')
    expect(expand('ann', 'root: ann')).toEqual({
      ...only(),
      refused: [
        { recipient: 'ann', reason: 'alias loop: ~ann/.forward -> ~ben/.forward -> root -> ~ann/.forward' },
      ],
    })
    forward('ann', 'ben, a@d.ex')
    expect(expand('ann', 'root: ann').recipients).toEqual(['a@d.ex'])
  })
})

describe('a forward file that is not safe', () => {
  it.each([0o664, 0o646, 0o666])('by its mode %i has no effect', (mode) => {
    forward('ann', 'x@d.ex', mode)
    expect(expand('ann')).toEqual(unforwarded('ann', 'others can write to it; chmod go-w helps'))
  })

  it('by its kind has no effect', () => {
    const real = forward('ben', 'x@d.ex')
    symlinkSync(real, pathOf('ann'))
    expect(expand('ann')).toEqual(unforwarded('ann', 'it is a symbolic link'))
    rmSync(pathOf('ann'))
    linkSync(real, pathOf('ann'))
    expect(expand('ann')).toEqual(unforwarded('ann', 'it has a second name (a hard link)'))
    rmSync(pathOf('ann'))
    execFileSync('mkfifo', [pathOf('ann')])
    expect(expand('ann')).toEqual(unforwarded('ann', 'not a regular file'))
    rmSync(pathOf('ann'))
    mkdirSync(pathOf('ann'))
    expect(expand('ann')).toEqual(unforwarded('ann', 'not a regular file'))
  })

  it('by its size has no effect', () => {
    forward('ann', 'x@d.ex,'.padEnd(FORWARD_LIMIT + 1))
    expect(expand('ann')).toEqual(unforwarded('ann', `larger than ${FORWARD_LIMIT} bytes`))
    forward('ann', 'x@d.ex,'.padEnd(FORWARD_LIMIT))
    expect(expand('ann')).toEqual(only('x@d.ex'))
  })

  it.skipIf(!isRoot)('by its owner has no effect; one of root is safe', () => {
    const text = `ann:x:4711:100::${join(directory, 'ann')}:/bin/sh\n`
    writeFileSync(passwd, text)
    forward('ann', 'x@d.ex')
    expect(expand('ann')).toEqual(only('x@d.ex'))
    chownSync(pathOf('ann'), 4711, 100)
    expect(expand('ann')).toEqual(only('x@d.ex'))
    chownSync(pathOf('ann'), 4712, 100)
    expect(expand('ann')).toEqual(unforwarded('ann', 'it belongs to another user'))
  })

  it('leaves the mail to the catch-all, as if there were none', () => {
    forward('ann', 'x@d.ex', 0o666)
    const { recipients, warnings } = expand('ann', 'default: d@d.ex', { catchAll: true })
    expect(recipients).toEqual(['d@d.ex'])
    expect(warnings).toHaveLength(1)
  })
})

/** Root may read everything: then the call is made as another user. */
function withoutPrivileges<T>(call: () => T): T {
  if (isRoot) process.seteuid?.(65534)
  try {
    return call()
  } finally {
    if (isRoot) process.seteuid?.(0)
  }
}

it('A private home that this process may not look into leaves the mail with its user, with a warning', () => {
  forward('ann', 'x@d.ex')
  chmodSync(join(directory, 'ann'), 0)
  const expansion = withoutPrivileges(() => expand('ann'))
  chmodSync(join(directory, 'ann'), 0o700)
  expect(expansion).toEqual(unforwarded('ann', 'permission denied'))
})

describe('the password file', () => {
  it('that is missing has no users', () => {
    rmSync(passwd)
    expect(expand('ann')).toEqual(only('ann'))
  })

  it('that cannot be read for another reason is a failure that may pass', () => {
    rmSync(passwd)
    mkdirSync(passwd)
    expect(() => expand('ann')).toThrow(expect.objectContaining({ code: 'QUEUE_IO', temporary: true }))
  })
})
