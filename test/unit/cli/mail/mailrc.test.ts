/** Promises of src/cli/mail/mailrc.ts: what is for sending counts, nothing is run, nothing is silent but absence. */
import { chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BUILT_IN_VARIABLES, MAILRC_LIMIT, readMailRc } from '../../../../src/cli/mail/mailrc.ts'

let home: string

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'mq-mailrc-'))
})

afterEach(() => rmSync(home, { recursive: true }))

const read = (env = {}) => readMailRc({ env, home, system: false })

/** What a `~/.mailrc` of these lines says. */
function readLines(...lines: string[]) {
  writeFileSync(join(home, '.mailrc'), lines.map((line) => `${line}\n`).join(''))
  const { aliases, variables, problems } = read()
  for (const name of BUILT_IN_VARIABLES) (variables as Map<string, unknown>).delete(name)
  return { aliases: Object.fromEntries(aliases), variables: Object.fromEntries(variables), problems }
}

describe('the files', () => {
  it('may all be missing: then a subject is asked for, a dot ends a mail, and dead letters are kept', () => {
    const { aliases, variables, problems } = read()
    expect([[...aliases], Object.fromEntries(variables), problems]).toEqual([
      [],
      { asksub: true, dot: true, save: true },
      [],
    ])
  })

  it('are that of the system and then that of the user, who can unset and add', () => {
    const system = join(home, 'system')
    writeFileSync(system, 'set askcc record=all\nalias team ann\n')
    writeFileSync(join(home, '.mailrc'), 'unset askcc\nalias team bob\n')
    const rc = readMailRc({ env: {}, home, system: true }, system)
    expect(rc.aliases.get('team')).toEqual(['ann', 'bob'])
    expect(rc.variables.has('askcc')).toBe(false)
    expect(rc.variables.get('record')).toBe('all')
    expect(readMailRc({ env: {}, home, system: false }, system).aliases.get('team')).toEqual(['bob'])
  })

  it('may have lines with the names of what every object has', () => {
    const lines = ['valueOf x', '__proto__ y', 'hasOwnProperty z', 'set toString=a', 'alias ok a']
    writeFileSync(join(home, '.mailrc'), lines.join('\n'))
    const { aliases, problems } = read()
    expect(problems).toEqual([])
    expect([...aliases.keys()]).toEqual(['ok'])
  })

  it('are named by MAILRC, with ~ for the home directory; an empty MAILRC names none', () => {
    writeFileSync(join(home, 'other'), 'alias a other@h.example\n')
    writeFileSync(join(home, '.mailrc'), 'alias a usual@h.example\n')
    const memberOf = (name: string) => read({ MAILRC: name }).aliases.get('a')
    expect(memberOf(join(home, 'other'))).toEqual(['other@h.example'])
    expect(memberOf('~/other')).toEqual(['other@h.example'])
    expect(memberOf('')).toEqual(['usual@h.example'])
    expect(memberOf('/dev/null')).toBeUndefined()
    expect(read({ MAILRC: '/dev/null' }).problems).toEqual([])
    expect(read({ MAILRC: '/nonexistent/mailrc' }).problems).toEqual([])
  })

  it('are told when they cannot be used, and none is waited for', () => {
    mkdirSync(join(home, 'directory'))
    writeFileSync(join(home, 'large'), `alias a b@h.example\n${'#'.repeat(MAILRC_LIMIT)}`)
    spawnSync('mkfifo', [join(home, 'fifo')])
    const problemWith = (name: string) => read({ MAILRC: join(home, name) }).problems
    expect(problemWith('directory')).toEqual([`${join(home, 'directory')} is not used: not a regular file`])
    expect(problemWith('fifo')).toEqual([`${join(home, 'fifo')} is not used: not a regular file`])
    expect(problemWith('large')).toEqual([`${join(home, 'large')} is not used: larger than 262144 bytes`])
  })

  it.skipIf(process.geteuid?.() !== 0)('of other users are not obeyed by root', () => {
    writeFileSync(join(home, '.mailrc'), 'set record=/etc/passwd\n')
    chownSync(join(home, '.mailrc'), 65534, 65534)
    const { variables, problems } = read()
    expect(variables.has('record')).toBe(false)
    expect(problems).toEqual([`${join(home, '.mailrc')} is not used: it belongs to another user`])
  })
})

describe('aliases', () => {
  it('have members with quotes, commas and comments, from several lines', () => {
    const { aliases, problems } = readLines(
      `alias team "Bob B <b@h.example>" 'c@h.example, d@h.example' e@h.example,`,
      'group team f@h.example # the new one',
      '  a\tteam \\',
      '   g@h.example',
      '# alias team nobody',
      'alias Team other@h.example\r',
      'alias empty',
      'alias a@h.example b@h.example',
    )
    expect(aliases).toEqual({
      team: ['Bob B <b@h.example>', 'c@h.example, d@h.example', 'e@h.example', 'f@h.example', 'g@h.example'],
      Team: ['other@h.example'],
      'a@h.example': ['b@h.example'],
    })
    expect(problems).toEqual([])
  })

  it('are read to the end in a file as long as it may be, whatever is between the members', () => {
    const commas = ','.repeat(200_000)
    expect(readLines(`alias a ${commas}b${commas.slice(150_000)}c,`).aliases).toEqual({
      a: [`b${commas.slice(150_000)}c`],
    })
    const lines = Array.from({ length: 15_000 }, (_, at) => `alias a ${at}`)
    expect(readLines(...lines).aliases).toEqual({ a: lines.map((_, at) => String(at)) })
  })

  it('are taken away by unalias', () => {
    expect(readLines('alias a b', 'alias c d', 'unalias a x').aliases).toEqual({ c: ['d'] })
  })
})

describe('variables', () => {
  it('are set with and without a value, several in a line, in any quotes, and unset', () => {
    expect(
      readLines(
        `set from="Rc \\"C\\" <rc@h.example>" append record=~/sent 'folder=my mail' empty= gone`,
        'unset gone nothing',
        'set x=1 nox keep nokeep',
      ).variables,
    ).toEqual({
      from: 'Rc "C" <rc@h.example>',
      append: true,
      record: '~/sent',
      folder: 'my mail',
      empty: '',
    })
  })

  it.each(['set noask nodot nosave', 'unset asksub dot save', 'unset ask\nset nodot\nset nosave'])(
    'that are built in are unset by %j',
    (line) => {
      writeFileSync(join(home, '.mailrc'), line)
      expect([...read().variables]).toEqual([])
    },
  )

  it('with blanks around the sign are told, with file and line', () => {
    const { variables, problems } = readLines('', 'set from = rc@h.example')
    expect(variables).toEqual({ from: true, 'rc@h.example': true })
    expect(problems).toEqual([
      `${join(home, '.mailrc')}:2: "set" takes name=value with no blanks around the "="`,
    ])
  })

  it('are plain text: nothing is run and nothing is replaced', () => {
    const lines = ['set from="`touch pwned`" record=$HOME/x', '!touch pwned', 'shell touch pwned', 'source x']
    expect(readLines(...lines)).toEqual({
      aliases: {},
      variables: { from: '`touch pwned`', record: '$HOME/x' },
      problems: [],
    })
    expect(readdirSync(home)).toEqual(['.mailrc'])
  })
})

describe('conditions', () => {
  it('choose the branch for sending', () => {
    const lines = ['if s', 'alias a sent', 'else', 'alias a read', 'endif', 'if r', 'alias b read', 'else']
    expect(readLines(...lines, 'alias b sent', 'endif', 'alias c always').aliases).toEqual({
      a: ['sent'],
      b: ['sent'],
      c: ['always'],
    })
  })

  it('that are for something else choose neither branch, and conditions may be nested', () => {
    const unknown = ['if t', 'alias a x', 'else', 'alias a y', 'endif']
    const nested = ['if send', 'if r', 'alias b x', 'else', 'alias b y', 'endif', 'else', ...unknown, 'endif']
    const chain = ['if r', 'alias c x', 'elif s', 'alias c y', 'else', 'alias c z', 'endif']
    expect(readLines(...unknown, ...nested, ...chain).aliases).toEqual({ b: ['y'] })
  })

  it('that are never ended, or never begun, do no harm to the next file', () => {
    const system = join(home, 'system')
    writeFileSync(system, 'endif\nelse\nalias a x\nif r\n')
    writeFileSync(join(home, '.mailrc'), 'alias b y\n')
    const { aliases } = readMailRc({ env: {}, home, system: true }, system)
    expect(Object.fromEntries(aliases)).toEqual({ a: ['x'], b: ['y'] })
  })
})

describe('what is not for sending mail', () => {
  it('is passed over, whatever it is', () => {
    const lines = ['ignore Received', 'colour x', 'account y {', '}', '"', "'", '\\', 'a', 'set', '=', '\0']
    expect(readLines(...lines, 'alias a b').aliases).toEqual({ a: ['b'] })
  })
})
