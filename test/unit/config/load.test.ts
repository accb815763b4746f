import { chmodSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../../src/config/load.ts'
import { containing, scratch } from './scratch.ts'

const identity = { user: 'ann', host: 'pc.site.example', fullName: 'Ann Example' }

function load(root: string, warnings: string[] = []) {
  const complain = (line: string): void => void warnings.push(line)
  return loadConfig({ file: join(root, 'a.conf'), env: {}, home: '/home/ann', identity, complain })
}
const loadText = (text: string) => load(scratch({ 'a.conf': text }))

const RUNNER_FILE = `[mqrunner]
smtp_hostname = hostname
smtp_port = 587
smtp_username = someuser@site.example
smtp_password = sec%%ret;1
# optional but the CLI scripts will not queue messages if this is not set
queue_dir = /path/to/mailqueue
from = user@host.example
logging_conf = /path/to/logging.conf
`

describe('a configuration file', () => {
  it('of mailqueue-runner is read as it stands', async () => {
    const root = scratch({ 'a.conf': RUNNER_FILE })
    const config = await load(root)
    expect(config).toMatchObject({
      source: join(root, 'a.conf'),
      queueDir: '/path/to/mailqueue',
      from: 'user@host.example',
    })
    expect(config.smtp).toMatchObject({
      host: 'hostname',
      port: 587,
      username: 'someuser@site.example',
      tls: 'verify',
    })
    expect(config.smtp?.password).toBe('sec%ret;1')
    expect(config.notes).toEqual([containing(':9: logging_conf names a logging file for Python')])
  })

  it('keeps a password as it is written', async () => {
    const config = await loadText('[mailqueue]\nhost = h\nuser = u\npassword = p;ss#w=rd %% %(x)s')
    expect(config.smtp?.password).toBe('p;ss#w=rd %% %(x)s')
  })

  it('may be empty', async () => {
    expect((await loadText('')).smtp).toBeUndefined()
  })

  it('has paths relative to itself and the placeholders of from', async () => {
    const root = scratch({ 'a.conf': '[mailqueue]\nqueue_dir = q\nfrom = %F <%U@%H>\naliases = ~/aliases' })
    const config = await load(root)
    expect(config.queueDir).toBe(join(root, 'q'))
    expect(config.from).toBe('Ann Example <ann@pc.site.example>')
    expect(config.aliases).toBe('/home/ann/aliases')
  })

  it.each([
    ['[mailqueue]\nsmtp_hostnam = x', ':2: unknown option "smtp_hostnam"; did you mean "smtp_hostname"?'],
    ['[mqruner]\nhost = x', ':2: unknown section "mqruner"; did you mean "mqrunner"?'],
    ['[work]\nhost = x', ':2: unknown section "work"; the options belong in [mailqueue] or [account NAME]'],
    [
      '[mailqueue]\nhost = x\n[mqrunner]\nsmtp_hostname = y',
      ':4: smtp_hostname (also called host) is given a second time',
    ],
    ['[mailqueue]\nsmtp_port = 0', ':2: smtp_port = 0 is not valid; write a whole number from 1 to 65535'],
    ['[mqrunner]\nqueue_dir = %(home)s/q', ':2: queue_dir refers to another option'],
    ['[mailqueue]\nfrom = %x@y', ':2: "%x" in from is not known'],
    ['[mailqueue]\nspool = only', ':2: spool = only needs a queue'],
  ])('that says %j is refused', async (text, message) => {
    const root = scratch({ 'a.conf': text })
    await expect(load(root)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: containing(`${join(root, 'a.conf')}${message}`),
    })
  })
})

describe('include', () => {
  it('reads the files of its patterns, with paths relative to each', async () => {
    const root = scratch({
      'a.conf': '[mailqueue]\ninclude = conf.d/*.conf, more.conf none/*.conf\nspool = first',
      'conf.d/10.conf': '[mailqueue]\nqueue_dir = q',
      'conf.d/not.txt': 'nonsense',
      'other/20': '[mqrunner]\nsmtp_hostname = h',
      'more.conf': '[mailqueue]\nexpire = 1d',
    })
    symlinkSync(join(root, 'other/20'), join(root, 'conf.d/20.conf'))
    const config = await load(root)
    expect(config).toMatchObject({ queueDir: join(root, 'conf.d/q'), spool: 'first', expire: 86_400_000 })
    expect(config.smtp?.host).toBe('h')
  })

  it('reads the files of one pattern in the order of their names', async () => {
    const entry = '[mailqueue]\nexpire = 1d'
    const root = scratch({ 'a.conf': '[mailqueue]\ninclude = d/*', 'd/b': entry, 'd/a': entry })
    const message = `${join(root, 'd/b')}:2: expire is given a second time (first at ${join(root, 'd/a')}:2); remove one of them`
    await expect(load(root)).rejects.toMatchObject({ message })
  })

  it('of a file that is not there is refused, with the line that names it', async () => {
    const root = scratch({ 'a.conf': '[mailqueue]\nexpire = 1d\ninclude = b.conf' })
    const message = `${join(root, 'a.conf')}:3: include: ${join(root, 'b.conf')}: no such file; create it or correct the name`
    await expect(load(root)).rejects.toMatchObject({ code: 'CONFIG_MISSING', message })
  })

  it('of something that is no text is refused, with the line that names it', async () => {
    const root = scratch({ 'a.conf': '[mailqueue]\ninclude = conf.d', 'conf.d/b.conf': '' })
    const message = `${join(root, 'a.conf')}:2: include: ${join(root, 'conf.d')}: is a directory; name a file`
    await expect(load(root)).rejects.toMatchObject({ code: 'CONFIG_INVALID', message })
  })

  it('in an included file is refused', async () => {
    const root = scratch({
      'a.conf': '[mailqueue]\ninclude = b.conf',
      'b.conf': '[mailqueue]\ninclude = c.conf',
    })
    const message = containing(`${join(root, 'b.conf')}:2: an included file cannot include others`)
    await expect(load(root)).rejects.toMatchObject({ code: 'CONFIG_INVALID', message })
  })
})

describe('a password that others can read', () => {
  const secret = '[mailqueue]\nsmtp_password = hunter2'
  const main = '[mailqueue]\nhost = h\nuser = u\ninclude = b.conf\n'

  it.each([0o640, 0o604])('brings a warning for the file with mode %o', async (mode) => {
    const root = scratch({ 'a.conf': main, 'b.conf': secret })
    chmodSync(join(root, 'a.conf'), 0o644)
    chmodSync(join(root, 'b.conf'), mode)
    const warnings: string[] = []
    await load(root, warnings)
    expect(warnings).toEqual([
      `${join(root, 'b.conf')}: holds a password and others can read it (mode 0${mode.toString(8)}); do "chmod go-rwx ${join(root, 'b.conf')}"`,
    ])
  })

  it('is refused with strict_permissions', async () => {
    const root = scratch({ 'a.conf': `${main}strict_permissions = yes`, 'b.conf': secret })
    chmodSync(join(root, 'b.conf'), 0o644)
    await expect(load(root)).rejects.toMatchObject({ code: 'CONFIG_DENIED', exitCode: 77 })
    chmodSync(join(root, 'b.conf'), 0o600)
    const warnings: string[] = []
    expect((await load(root, warnings)).smtp?.password).toBe('hunter2')
    expect(warnings).toEqual([])
  })

  it('does not concern a file without one', async () => {
    const root = scratch({ 'a.conf': '[mailqueue]\nhost = h\nsmtp_password =' })
    chmodSync(join(root, 'a.conf'), 0o644)
    const warnings: string[] = []
    await load(root, warnings)
    expect(warnings).toEqual([])
  })
})
