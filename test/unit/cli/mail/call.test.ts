/** The command line of mq-mail: every row of the grammar, and what the shape of a word decides. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { parseEarly, parseMailCall, type MailCall } from '../../../../src/cli/mail/call.ts'
import type { Dialect } from '../../../../src/cli/mail/option.ts'
import { MAIL_OPTIONS } from '../../../../src/cli/mail/options.ts'
import { MailError } from '../../../../src/errors/mail-error.ts'

const directory = mkdtempSync(join(tmpdir(), 'mailqueue-call-'))
const file = join(directory, 'a.txt')
const odd = join(directory, 'X-Odd:name')
writeFileSync(file, 'text\n')
writeFileSync(odd, 'text\n')
mkdirSync(join(directory, 'folder'))
afterAll(() => rmSync(directory, { recursive: true }))

const parse = (args: readonly string[], dialect: Dialect = 'auto'): MailCall => parseMailCall(args, dialect)

function refusal(args: readonly string[], dialect: Dialect = 'auto'): string {
  try {
    parse(args, dialect)
  } catch (error) {
    if (error instanceof MailError && error.exitCode === 64) return error.publicMessage
    throw error
  }
  throw new Error(`${JSON.stringify(args)} is understood`)
}

const to = (...texts: string[]) => ({ recipients: { to: texts, cc: [], bcc: [] } })

describe('one option', () => {
  it.each<[string, string[], object]>([
    ['-s', ['-s', 'one', 'a@d.ex'], { subject: 'one', ...to('a@d.ex') }],
    ['-s glued', ['-sUPS monitor', 'a@d.ex'], { subject: 'UPS monitor', ...to('a@d.ex') }],
    ['-s with a dash', ['-s', '--- report ---', 'a@d.ex'], { subject: '--- report ---' }],
    ['-s empty', ['-s', '', 'a@d.ex'], { subject: '', ...to('a@d.ex') }],
    ['-s twice', ['-s', 'A', '--subject=B', 'a@d.ex'], { subject: 'B' }],
    ['-r', ['-r', 'Me <me@d.ex>'], { from: 'Me <me@d.ex>' }],
    ['-r empty', ['-r', '', 'a@d.ex'], { from: '', ...to('a@d.ex') }],
    ['--return-address', ['--return-address=me@d.ex'], { from: 'me@d.ex' }],
    [
      '-c and -b',
      ['-c', 'c', '-b', 'b', '--cc=d', '--bcc=e'],
      { recipients: { to: [], cc: ['c', 'd'], bcc: ['b', 'e'] } },
    ],
    [
      '-T',
      ['-T', 'to: a', '-T', 'CC:c', '-T', 'bcc: b'],
      { recipients: { to: ['a'], cc: ['c'], bcc: ['b'] } },
    ],
    ['-m', ['-m', file], { bodyFile: file }],
    ['-S separate', ['-S', 'sendwait', 'a@d.ex'], { assignments: ['sendwait'], ...to('a@d.ex') }],
    ['-S glued', ['-Sfrom=A <a@d.ex>', 'b@d.ex'], { assignments: ['from=A <a@d.ex>'], ...to('b@d.ex') }],
    ['-S twice', ['-Ssendwait', '-Snosendwait'], { assignments: ['sendwait', 'nosendwait'] }],
    ['-C with a path', ['-C', '/etc/x.conf'], { config: '/etc/x.conf', headers: [] }],
    ['-C with a header', ['-C', 'X-A: b'], { config: undefined, headers: [['X-A', 'b']] }],
    ['--config', ['--config', 'x.conf'], { config: 'x.conf' }],
    ['--aliases', ['--aliases=x'], { aliases: 'x' }],
    ['-n', ['-n'], { mailrc: 'user' }],
    ['-: /', ['-:', '/', '-n'], { mailrc: 'none' }],
    ['-:u', ['-:u'], { mailrc: 'user' }],
    ['-:su', ['-:su'], { mailrc: 'all' }],
    ['-t', ['-t'], { template: true }],
    ['-d', ['-d'], { mode: 'dry-run' }],
    ['-v', ['-v'], { verbose: true }],
    ['-h', ['-h'], { mode: 'help' }],
    ['-?', ['-?'], { mode: 'help' }],
    ['-V', ['-V'], { mode: 'version' }],
    ['-i', ['-i'], { ignoreInterrupts: true }],
    ['-~ and -I', ['-~', '-I'], { tildes: true }],
    ['--exec', ['--exec=set a=b "c d"', 'x'], { assignments: ['a=b', 'c d'], ...to('x') }],
    ['--alternative', ['--alternative', file], { alternative: file }],
    ['no effect', ['-N', '-F', '-B', '-D', '--mime', 'a@d.ex'], to('a@d.ex')],
    ['a cluster', ['-nivs', 'S', 'a@d.ex'], { mailrc: 'user', verbose: true, subject: 'S', ...to('a@d.ex') }],
    ['-', ['-s', 'S', '-'], to('-')],
  ])('%s', (_, args, expected) => {
    expect(parse(args)).toMatchObject(expected)
  })

  it('is known by every letter and every name of the table', () => {
    const rows = MAIL_OPTIONS.filter(({ effect }) => effect === 'refused')
    expect(rows.flatMap(({ letter }) => letter ?? []).join('')).toBe('fueHLpRXY#')
    for (const { letter, long, doc } of rows) {
      const option = letter === undefined ? `--${long ?? ''}` : `-${letter}`
      for (const args of [[option], [option, 'root'], ['root', option]]) {
        expect(refusal(args)).toBe(`${option} is not here, mq-mail can send only: ${doc}`)
      }
    }
  })

  it.each([
    [['-z']],
    [['--foo', '-s', 'S', 'a@d.ex']],
    [['-s']],
    [['--subject']],
    [['-T', 'from: a']],
    [['-T', 'a@d.ex']],
    [['-:', 'x']],
    [['--exec', 'quit']],
    [['--encoding=8bit']],
    [['--content-type=html']],
    [['--content-type=text/html\u00e9; x']],
    [['--skip-empty=yes']],
    [['--attach=-', 'a@d.ex']],
    [['-q', '-', '--content-name=n', '--attach=-']],
    [['-t', '--content-name=n', '-A', '-']],
    [['--attach', file, '--content-name=n']],
    [['-m', '']],
  ])('%j is refused in one sentence', (args) => {
    expect(refusal(args)).toMatch(/^[^\n]+$/)
  })

  it('says what to use instead of -f', () => {
    expect(refusal(['-f', 'me@d.ex', '-s', 'S', 'a@d.ex'])).toContain('use -r for the sender')
  })
})

describe('options behind recipients', () => {
  it('are options', () => {
    const call = parse(['a@d.ex', '-s', 'S', 'b@d.ex', '-r', 'me@d.ex'])
    expect(call).toMatchObject({ subject: 'S', from: 'me@d.ex', ...to('a@d.ex', 'b@d.ex') })
  })

  it.each(['-.', '--'])('end at %s', (end) => {
    expect(parse(['-s', 'S', end, '-x', 'a@d.ex'])).toMatchObject(to('-x', 'a@d.ex'))
  })
})

describe('-a', () => {
  it.each<[string, object]>([
    ['X-A: b', { headers: [['X-A', 'b']] }],
    ['X-A:b', { headers: [['X-A', 'b']] }],
    ['X-A:', { headers: [['X-A', '']] }],
    ['BCC : a', { headers: [['BCC', 'a']] }],
    ['Content-type: text/html;', { headers: [['Content-type', 'text/html;']] }],
    ['X-A: 1\r\n\r\nbody', { headers: [['X-A', '1 body']] }],
    [file, { attachments: [{ path: file }] }],
    [odd, { attachments: [{ path: odd }] }],
    [`${file}=latin1#utf-8`, { attachments: [{ path: file, type: 'text/plain; charset=latin1' }] }],
    ['/nonexist', { attachments: [{ path: '/nonexist' }] }],
    ['/a/b: c', { attachments: [{ path: '/a/b: c' }] }],
    ['no header', { attachments: [{ path: 'no header' }] }],
  ])('%j goes by its shape', (value, expected) => {
    expect(parse(['-a', value])).toMatchObject({ headers: [], attachments: [], ...expected })
  })

  it.each<[Dialect, string, 'headers' | 'attachments']>([
    ['bsd', 'X-A: b', 'headers'],
    ['mailutils', 'X-A: b', 'headers'],
    ['s-nail', 'X-A: b', 'attachments'],
  ])('in %s: %s', (dialect, value, kind) => {
    expect(parse(['-a', value], dialect)[kind]).toHaveLength(1)
  })

  it.each<Dialect>(['bsd', 'mailutils'])('takes no file in %s', (dialect) => {
    expect(refusal(['-a', file], dialect)).toContain('-a takes a header')
  })
})

describe('-A', () => {
  it.each<[Dialect, string, object]>([
    ['auto', file, { attachments: [{ path: file }] }],
    ['auto', 'default', { account: 'default' }],
    ['auto', '/nonexist.pdf', { attachments: [{ path: '/nonexist.pdf' }] }],
    ['mailutils', 'default', { attachments: [{ path: 'default' }] }],
    ['s-nail', file, { account: file }],
  ])('in %s with %s', (dialect, value, expected) => {
    expect(parse(['-A', value], dialect)).toMatchObject({ account: undefined, attachments: [], ...expected })
  })
})

describe('-E', () => {
  it.each<[Dialect, string[], object]>([
    [
      'auto',
      ['-E', 'set escape', '-s', 'S', 'root'],
      { skipEmpty: false, assignments: ['escape'], ...to('root') },
    ],
    ['auto', ['-Eset escape', 'root'], { skipEmpty: false, assignments: ['escape'], ...to('root') }],
    ['auto', ['-E', 'unset save', 'root'], { assignments: ['nosave'] }],
    ['auto', ['-E', 'set', 'root'], { skipEmpty: false, assignments: [], ...to('root') }],
    ['auto', ['-E', '-s', 'S', 'root'], { skipEmpty: true, subject: 'S', ...to('root') }],
    ['auto', ['-Es', 'S', 'root'], { skipEmpty: true, subject: 'S', ...to('root') }],
    ['auto', ['-E', 'settings@d.ex'], { skipEmpty: true, ...to('settings@d.ex') }],
    ['bsd', ['-E', 'set escape'], { skipEmpty: true, ...to('set escape') }],
    ['s-nail', ['-E', 'set'], { skipEmpty: true, ...to('set') }],
    ['mailutils', ['-E', 'set escape', 'root'], { skipEmpty: false, ...to('root') }],
  ])('in %s: %j', (dialect, args, expected) => {
    expect(parse(args, dialect)).toMatchObject(expected)
  })
})

describe('-q and -M', () => {
  it.each<[Dialect, string[], object]>([
    ['auto', ['-q', file, 'a@d.ex'], { quoted: [file], ...to('a@d.ex') }],
    ['auto', ['-q', '-', 'a@d.ex'], { quoted: ['-'], ...to('a@d.ex') }],
    ['auto', ['-q', 'a@d.ex'], { quoted: [], ...to('a@d.ex') }],
    ['auto', ['-q', join(directory, 'folder')], { quoted: [], ...to(join(directory, 'folder')) }],
    ['auto', ['-qn', 'a@d.ex'], { quoted: [], mailrc: 'user', ...to('a@d.ex') }],
    ['s-nail', ['-q', 'nonexist', 'a@d.ex'], { quoted: ['nonexist'], ...to('a@d.ex') }],
    ['mailutils', ['-q', file], { quoted: [], ...to(file) }],
    ['auto', ['-M', 'text/html', 'a@d.ex'], { bodyType: 'text/html', ...to('a@d.ex') }],
    ['auto', ['-Mtext/html', 'a@d.ex'], { bodyType: 'text/html', ...to('a@d.ex') }],
    ['auto', ['-M', '-s', 'S', 'a@d.ex'], { bodyType: undefined, subject: 'S' }],
    ['auto', ['-M', 'a@d.ex'], { bodyType: undefined, ...to('a@d.ex') }],
    ['mailutils', ['-M', 'text/html'], { bodyType: undefined, ...to('text/html') }],
    ['s-nail', ['-M', 'odd/type'], { bodyType: 'odd/type' }],
  ])('in %s: %j', (dialect, args, expected) => {
    expect(parse(args, dialect)).toMatchObject(expected)
  })
})

describe('attachments with options before them', () => {
  it('take type and encoding from all that stand before, and a name from the last', () => {
    const args = [
      '--attach=one',
      '--content-type=text/html',
      '--encoding=BASE64',
      '--content-filename=n',
      '--attach=two',
    ]
    expect(parse([...args, '-A', '/x/three.pdf'])).toMatchObject({
      bodyType: undefined,
      attachments: [
        { path: 'one', skipEmpty: false },
        { path: 'two', type: 'text/html', encoding: 'base64', name: 'n' },
        { path: '/x/three.pdf', type: 'text/html', encoding: 'base64' },
      ],
    })
  })

  it('leave a type that is about none of them to the body', () => {
    expect(parse(['--attach=one', '--content-type=text/html'])).toMatchObject({ bodyType: 'text/html' })
  })
})

describe('--', () => {
  it.each<[Dialect, string[], object]>([
    ['auto', ['-s', 'S', '--', 'a@d.ex'], to('a@d.ex')],
    ['auto', ['--', '-oQ/tmp/x', 'a@d.ex'], to('-oQ/tmp/x', 'a@d.ex')],
    ['auto', ['a@d.ex', '--', 'b@d.ex', '-f'], to('a@d.ex', 'b@d.ex', '-f')],
    ['auto', ['a@d.ex', '--', '-f', 'me@d.ex'], { ...to('a@d.ex'), tail: { from: 'me@d.ex' } }],
    ['auto', ['a@d.ex', '--', '-fme@d.ex', '-F', 'Me X'], { tail: { from: 'me@d.ex', fullName: 'Me X' } }],
    [
      'auto',
      ['a@d.ex', '--', '-oi', '-B8BITMIME', '-v', '-Ox=y', '-r', 'me@d.ex'],
      { tail: { from: 'me@d.ex' } },
    ],
    [
      'auto',
      ['a@d.ex', '--', '-N', 'never', '-Rhdrs'],
      { tail: { reports: { notify: ['never'], ret: 'hdrs' } } },
    ],
    ['auto', ['a@d.ex', '--', '-i', 'b@d.ex'], to('a@d.ex', 'b@d.ex')],
    ['bsd', ['a@d.ex', '--', '-f', 'x'], to('a@d.ex', '-f', 'x')],
    ['mailutils', ['a@d.ex', '--', '-f', 'x'], to('a@d.ex', '-f', 'x')],
  ])('in %s: %j', (dialect, args, expected) => {
    expect(parse(args, dialect)).toMatchObject(expected)
  })

  it.each([[['-f']], [['-t']], [['-C', 'x']], [['--host=x']], [['-Nx']]])(
    'cannot be followed by %j',
    (tail) => {
      expect(refusal(['a@d.ex', '--', ...tail])).toMatch(/^(?:behind "--": )[^\n]+$/)
    },
  )
})

describe('what is known before the configuration', () => {
  it('is read past everything that is wrong, or only right in another dialect', () => {
    const args = [
      '-Mx-own/fqz',
      '--no-such',
      '-E',
      'no command',
      '-Shostname=h.ex',
      '-C',
      'conf',
      'a@x.ex',
      '-vs',
    ]
    expect(parseEarly(args)).toMatchObject({
      mode: 'send',
      config: 'conf',
      verbose: true,
      assignments: ['hostname=h.ex'],
    })
    expect(parseEarly(['--', '-h']).mode).toBe('send')
    expect(parseEarly(['-E', 'set hostname=h.ex', '-V'])).toMatchObject({
      mode: 'version',
      assignments: ['hostname=h.ex'],
    })
  })
})
