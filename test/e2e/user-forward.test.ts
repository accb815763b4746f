/**
 * Forward files of users, by the password file of a machine that a test makes up, and the other ways of a local
 * name: the catch-all and tags.
 */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { M0, openSite, type MailSite } from '../helpers/mail-site.ts'
import { canReplacePasswd, withPasswd } from '../helpers/private-passwd.ts'
import type { CommandResult } from '../helpers/run-command.ts'
import { canRunWithoutRoot, WITHOUT_ROOT } from '../helpers/without-root.ts'

const QUIET = { code: 0, signal: null, stdout: '', stderr: '' }
const FORWARDING = { user_forward: 'yes', default_alias: 'yes' }
const canMount = canReplacePasswd()
if (!canMount)
  console.warn('not tested here: ~/.forward of a command as a whole, which needs root and mounts')

const rcpts = (site: MailSite): (readonly string[])[] => site.received.map(({ rcptTo }) => rcptTo)

/** Makes a user whose home is in the site; returns the path of the forward file. */
function forward(site: MailSite, user: string, text: string): string {
  const home = join(site.directory, user)
  mkdirSync(home, { mode: 0o755 })
  writeFileSync(join(home, '.forward'), text, { mode: 0o644 })
  chmodSync(join(home, '.forward'), 0o644)
  return join(home, '.forward')
}

/** Sends M0 on a machine with these users. */
function send(
  site: MailSite,
  users: readonly string[],
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  const lines = users.map((user) => `${user}:x:0:0::${join(site.directory, user)}:/bin/sh\n`)
  const passwd = site.write('passwd', lines.join('') + readFileSync('/etc/passwd', 'utf8'))
  chmodSync(passwd, 0o644)
  return site.run('mq-sendmail', args, { stdin: M0, through: withPasswd(passwd), env })
}

describe.skipIf(!canMount)('a user with a forward file', () => {
  it('gets the mail there, unless an alias says otherwise', async () => {
    const site = await openSite(FORWARDING)
    forward(site, 'ann', '# on leave\nann@d.ex, ben\n')
    forward(site, 'ben', 'ben@d.ex\n')
    forward(site, 'cyd', 'cyd@d.ex\n')
    site.write('aliases', 'cyd: other@d.ex\ndefault: rest@d.ex\n')
    const operands = ['ann', 'cyd@localhost', 'nosuch', 'x@d.ex']
    expect(await send(site, ['ann', 'ben', 'cyd'], operands)).toEqual(QUIET)
    expect(rcpts(site)).toEqual([['ann@d.ex', 'ben@d.ex', 'other@d.ex', 'rest@d.ex', 'x@d.ex']])
    expect(site.queue()).toEqual([])
  })

  it('gets it as ever with -n, or where it is not switched on', async () => {
    const site = await openSite(FORWARDING)
    forward(site, 'ann', 'ann@d.ex\n')
    expect(await send(site, ['ann'], ['-n', 'ann'])).toEqual(QUIET)
    site.configure({})
    expect(await send(site, ['ann'], ['ann'])).toEqual(QUIET)
    expect(rcpts(site)).toEqual([['ann@h.example'], ['ann@h.example']])
    expect(site.queue()).toEqual([])
  })

  it('that others can write to gets it unforwarded, with one line that says why', async () => {
    const site = await openSite({ user_forward: 'yes' })
    const path = forward(site, 'ann', 'evil@d.ex\n')
    chmodSync(path, 0o666)
    expect(await send(site, ['ann'], ['ann'])).toEqual({
      ...QUIET,
      stderr: `mq-sendmail: ${path}: others can write to it; chmod go-w helps; the mail for ann is not forwarded\n`,
    })
    expect(rcpts(site)).toEqual([['ann@h.example']])
    expect(site.queue()).toEqual([])
  })

  it('in a private home gets it unforwarded when another user sends', async (test) => {
    if (!canRunWithoutRoot()) test.skip('nobody cannot run the commands here')
    const site = await openSite({ user_forward: 'yes', queue_dir: undefined })
    const path = forward(site, 'ann', 'ann@d.ex\n')
    chmodSync(join(site.directory, 'ann'), 0o700)
    chmodSync(site.directory, 0o755)
    for (const open of [site.config, join(site.directory, 'aliases')]) chmodSync(open, 0o644)
    expect(await send(site, ['ann'], ['ann'], WITHOUT_ROOT)).toEqual({
      ...QUIET,
      stderr: `mq-sendmail: ${path}: permission denied; the mail for ann is not forwarded\n`,
    })
    expect(rcpts(site)).toEqual([['ann@h.example']])
  })

  it('whose forwards go round is refused with 67 and the way they take', async () => {
    const site = await openSite(FORWARDING)
    forward(site, 'ann', 'ben\n')
    forward(site, 'ben', 'ann@h.example\n')
    expect(await send(site, ['ann', 'ben'], ['ann', 'x@d.ex'])).toEqual({
      ...QUIET,
      code: 67,
      stderr: 'mq-sendmail: ann: alias loop: ~ann/.forward -> ~ben/.forward -> ~ann/.forward\n',
    })
    expect(rcpts(site)).toEqual([['x@d.ex']])
    expect(site.queue()).toEqual([])
  })
})

describe('the catch-all', () => {
  it.each([
    ['default: d@d.ex\n', 'yes', 'd@d.ex'],
    ['*: d@d.ex\n', 'yes', 'd@d.ex'],
    ['default: root\nroot: ann\n', 'yes', 'ann@h.example'],
    ['default: d@d.ex\n', 'no', 'nosuch@h.example'],
  ])('with %j and default_alias = %s sends to %s', async (aliases, value, wanted) => {
    const site = await openSite({ default_alias: value })
    site.write('aliases', aliases)
    expect(await site.run('mq-sendmail', ['nosuch'], { stdin: M0 })).toEqual(QUIET)
    expect(await site.run('mq-sendmail', ['nosuch@h.example', 'x@d.ex'], { stdin: M0 })).toEqual(QUIET)
    expect(rcpts(site)).toEqual([[wanted], [wanted, 'x@d.ex']])
    expect(site.queue()).toEqual([])
  })
})

it('A tag is no part of the name where the configuration says what separates it', async () => {
  const site = await openSite({ recipient_delimiter: '+' })
  site.write('aliases', 'root: boss@d.ex\n')
  expect(await site.run('mq-sendmail', ['root+cron', 'ann+x'], { stdin: M0 })).toEqual(QUIET)
  expect(rcpts(site)).toEqual([['boss@d.ex', 'ann+x@h.example']])
  expect(site.queue()).toEqual([])
})
