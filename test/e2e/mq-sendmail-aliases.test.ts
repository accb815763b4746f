/**
 * Aliases in mq-sendmail: who a name stands for, what is never run or written, and that one bad line stops
 * nobody.
 */
import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DOWN, M0, openSite, type MailSite } from '../helpers/mail-site.ts'

const QUIET = { code: 0, signal: null, stdout: '', stderr: '' }

const rcpts = (site: MailSite): (readonly string[])[] => site.received.map(({ rcptTo }) => rcptTo)

describe('an alias', () => {
  it.each([
    ['a list', 'lst: one@d.ex, two@d.ex\n', 'lst', ['one@d.ex', 'two@d.ex']],
    ['upper and lower case', 'MiXed: one@d.ex\n', 'mIXED', ['one@d.ex']],
    ['a continued line', 'cont: one@d.ex,\n  two@d.ex\n', 'cont', ['one@d.ex', 'two@d.ex']],
    ['a quoted name', '"quo.ted": q@d.ex\n', 'quo.ted', ['q@d.ex']],
    ['a chain', 'a: b\nb: c\nc: x@d.ex\n', 'a', ['x@d.ex']],
    ['a name and address', 'root: Boss B <boss@d.ex>\n', 'root', ['boss@d.ex']],
    ['the same target twice', 'a: b, c\nb: x@d.ex\nc: x@d.ex\n', 'a', ['x@d.ex']],
    ['a file without a last line end', 'root: boss@d.ex', 'root', ['boss@d.ex']],
    ['this host', 'root: boss@d.ex\n', `root@${hostname()}`, ['boss@d.ex']],
    ['localhost', 'root: boss@d.ex\n', 'root@localhost', ['boss@d.ex']],
    ['the mail domain', 'root: boss@d.ex\n', 'root@h.example', ['boss@d.ex']],
    ['a quoted name with a blank', '"quo ted": q@d.ex\n', '"quo ted"', ['q@d.ex']],
    ['a line continued without a comma', 'k: one@d.ex\n\ttwo@d.ex\n', 'k', ['one@d.ex', 'two@d.ex']],
    ['a comment behind it', 'root: boss@d.ex # on duty\n', 'root', ['boss@d.ex']],
    [
      'a name that is not to be expanded',
      'root: \\root, boss@d.ex\n',
      'root',
      ['root@h.example', 'boss@d.ex'],
    ],
    [
      'a name that is an alias, in an address list',
      'a: x@d.ex\n',
      'A, Two <two@d.ex>',
      ['x@d.ex', 'two@d.ex'],
    ],
    ['no name with a tag', 'root: boss@d.ex\n', 'root+tag', ['root+tag@h.example']],
    ['no other domain', 'root: boss@d.ex\n', 'root@d.ex', ['root@d.ex']],
  ])('works for %s', async (_, aliases, operand, wanted) => {
    const site = await openSite()
    site.write('aliases', aliases)
    expect(await site.run('mq-sendmail', [operand], { stdin: M0 })).toEqual(QUIET)
    expect(rcpts(site)).toEqual([wanted])
  })

  it('is taken from the file named with --aliases', async () => {
    const site = await openSite()
    site.write('aliases', 'root: wrong@d.ex\n')
    const other = site.write('other', 'root: boss@d.ex\n')
    expect(await site.run('mq-sendmail', ['--aliases', other, 'root'], { stdin: M0 })).toEqual(QUIET)
    expect(await site.run('mq-sendmail', [`--aliases=${other}`, 'root'], { stdin: M0 })).toEqual(QUIET)
    expect(rcpts(site)).toEqual([['boss@d.ex'], ['boss@d.ex']])
  })

  it('is not looked up with -n', async () => {
    const site = await openSite()
    site.write('aliases', 'root: boss@d.ex\n')
    expect(await site.run('mq-sendmail', ['-n', 'root'], { stdin: M0 })).toEqual(QUIET)
    expect(rcpts(site)).toEqual([['root@h.example']])
  })

  it('is looked up for the recipients of -t, and the header shows the name', async () => {
    const site = await openSite()
    site.write('aliases', 'root: boss@d.ex\n')
    const stdin = 'From: root (Cron Daemon)\nTo: root\nSubject: Cron\n\noutput\n'
    expect(await site.run('mq-sendmail', ['-FCronDaemon', '-i', '-odi', '-t'], { stdin })).toEqual(QUIET)
    expect(rcpts(site)).toEqual([['boss@d.ex']])
    expect(site.received[0]?.data.toString()).toContain(
      'From: root@h.example (Cron Daemon)\r\nTo: root@h.example\r\n',
    )
  })

  it('reads addresses from an included file', async () => {
    const site = await openSite()
    const list = site.write('list', '# staff\none@d.ex, two@d.ex\nthree@d.ex\n')
    site.write('aliases', `incl: :include:${list}\n`)
    expect(await site.run('mq-sendmail', ['incl'], { stdin: M0 })).toEqual(QUIET)
    expect(rcpts(site)).toEqual([['one@d.ex', 'two@d.ex', 'three@d.ex']])
  })

  it('of /dev/null drops the mail with 0 and without a word, also when the server is down', async () => {
    const site = await openSite(DOWN)
    site.write('aliases', 'nobody: /dev/null\n')
    expect(await site.run('mq-sendmail', ['nobody'], { stdin: M0 })).toEqual(QUIET)
    expect(site.queue()).toEqual([])
  })
})

describe('a target that cannot be used', () => {
  it.each([
    ['a pipe', (marker: string) => `"|/bin/touch ${marker}"`],
    ['a pipe without quotes', (marker: string) => `|/bin/touch\\ ${marker}`],
    ['a file', (marker: string) => marker],
    ['a loop', () => 'pop\npop: pip'],
    ['a missing list', (marker: string) => `:include:${marker}`],
  ])('such as %s is neither run nor written: 67, one line for it, nothing sent', async (_, target) => {
    const site = await openSite()
    const marker = join(site.directory, 'marker')
    site.write('aliases', `pip: ${target(marker)}\n`)
    const result = await site.run('mq-sendmail', ['pip'], { stdin: M0 })
    expect(result).toMatchObject({ code: 67, stdout: '' })
    expect(result.stderr).toMatch(/^(mq-sendmail: [^\n]+\n)+$/)
    expect(result.stderr).toContain('pip')
    expect(existsSync(marker)).toBe(false)
    expect(site.server.connections).toBe(0)
    expect(site.queue()).toEqual([])
  })

  it('does not stop the other recipients, who get the mail; the code is 67', async () => {
    const site = await openSite()
    site.write('aliases', 'pip: "|/bin/cat"\nroot: boss@d.ex\n')
    const result = await site.run('mq-sendmail', ['pip', 'root', 'one@d.ex'], { stdin: M0 })
    expect(result).toMatchObject({ code: 67, stdout: '' })
    expect(result.stderr).toMatch(/^mq-sendmail: [^\n]*pip[^\n]*\n$/)
    expect(rcpts(site)).toEqual([['boss@d.ex', 'one@d.ex']])
  })

  it.each([
    ['pip: "|/bin/cat", ok@d.ex\n', 'the command "/bin/cat" is not run'],
    ['pip: ok@d.ex, /tmp/fileout\n', 'the file "/tmp/fileout" is not written'],
    ['pip: pop, ok@d.ex\npop: pip\n', 'alias loop: pip -> pop -> pip'],
    ['pip: ok@d.ex\npip: other@d.ex\n', 'aliases:2: alias pip is defined again; the first one counts'],
  ])('beside one that can leaves that one, with one line: %j', async (aliases, words) => {
    const site = await openSite()
    site.write('aliases', aliases)
    const result = await site.run('mq-sendmail', ['pip'], { stdin: M0 })
    expect(result).toMatchObject({ code: 0, stdout: '' })
    expect(result.stderr).toMatch(/^mq-sendmail: [^\n]+\n$/)
    expect(result.stderr).toContain(words)
    expect(rcpts(site)).toEqual([['ok@d.ex']])
    expect(site.queue()).toEqual([])
  })

  it('on another line does not disturb at all', async () => {
    const site = await openSite()
    site.write('aliases', 'junk line\npip: "|/bin/cat"\nfile: /tmp/x\nroot: boss@d.ex\n')
    expect(await site.run('mq-sendmail', ['one@d.ex'], { stdin: M0 })).toEqual(QUIET)
    const result = await site.run('mq-sendmail', ['root'], { stdin: M0 })
    expect(result).toMatchObject({ code: 0, stdout: '' })
    expect(result.stderr).toMatch(/^mq-sendmail: [^\n]*aliases:1: [^\n]+\n$/)
    expect(rcpts(site)).toEqual([['one@d.ex'], ['boss@d.ex']])
  })

  it('drops itself out of its own alias and keeps the rest', async () => {
    const site = await openSite()
    site.write('aliases', 'root: root, boss@d.ex\n')
    const result = await site.run('mq-sendmail', ['root'], { stdin: M0 })
    expect(result).toMatchObject({ code: 0, stdout: '' })
    expect(rcpts(site)).toEqual([['boss@d.ex']])
  })

  it.each([
    ['nothing but itself', 'root: root\n', /^$/],
    ['nothing', 'root:\n', /^mq-sendmail: [^\n]*aliases:1: [^\n]+\n$/],
  ])('is none when the alias is %s: the mail goes to the name', async (_, aliases, words) => {
    const site = await openSite()
    site.write('aliases', aliases)
    const result = await site.run('mq-sendmail', ['root'], { stdin: M0 })
    expect(result).toMatchObject({ code: 0, stdout: '' })
    expect(result.stderr).toMatch(words)
    expect(rcpts(site)).toEqual([['root@h.example']])
  })
})

describe('an aliases file that is none', () => {
  it('is told of in a few lines', async () => {
    const site = await openSite()
    site.write('aliases', 'junk\n'.repeat(500))
    const result = await site.run('mq-sendmail', ['root'], { stdin: M0 })
    expect(result.code).toBe(0)
    const lines = result.stderr.trimEnd().split('\n')
    expect(lines).toHaveLength(11)
    expect(lines.at(-1)).toMatch(/aliases: 490 more lines are wrong; newaliases names them all$/)
    expect(site.received.map(({ rcptTo }) => rcptTo)).toEqual([['root@h.example']])
    expect(site.queue()).toEqual([])
  })
})
