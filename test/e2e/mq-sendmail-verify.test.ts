/**
 * mq-sendmail -bv: says who would get mail, and does nothing else.
 */
import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { openSite, type MailSite } from '../helpers/mail-site.ts'
import { startCommand, type CommandResult } from '../helpers/run-command.ts'

const QUIET = { code: 0, signal: null, stdout: '', stderr: '' }

const ALIASES = `root: boss@d.ex
lst: Root, Two <two@d.ex>, one@d.ex
team: /dev/null
both: /dev/null, x@d.ex
pip: "|/bin/false"
self: self, x@d.ex
a: b
b: a
`

/** Runs -bv and sees that nothing was sent or queued. */
async function verify(site: MailSite, ...args: string[]): Promise<CommandResult> {
  const result = await site.run('mq-sendmail', ['-bv', ...args])
  expect(site.server.connections).toBe(0)
  expect(existsSync(site.queueDir)).toBe(false)
  return result
}

async function siteWithAliases(): Promise<MailSite> {
  const site = await openSite()
  site.write('aliases', ALIASES)
  return site
}

describe('-bv prints what a recipient leads to', () => {
  it.each<[string[], string]>([
    [['root'], 'root: boss@d.ex\n'],
    [['ROOT@localhost'], 'ROOT@localhost: boss@d.ex\n'],
    [['lst', 'x@d.ex'], 'lst: boss@d.ex, two@d.ex, one@d.ex\nx@d.ex: x@d.ex\n'],
    [['nosuch'], 'nosuch: nosuch@h.example\n'],
    [['team'], 'team: dropped by its alias\n'],
    [['both'], 'both: x@d.ex\n'],
    [['root, "Full N" <one@d.ex>', '', 'root'], 'root: boss@d.ex\none@d.ex: one@d.ex\n'],
    [['-n', 'root', 'pip'], 'root: root@h.example\npip: pip@h.example\n'],
  ])('%j', async (args, stdout) => {
    expect(await verify(await siteWithAliases(), ...args)).toEqual({ ...QUIET, stdout })
  })

  it('from the file named with --aliases', async () => {
    const site = await siteWithAliases()
    const other = site.write('other', 'root: other@d.ex\n')
    expect(await verify(site, '--aliases', other, 'root')).toEqual({
      ...QUIET,
      stdout: 'root: other@d.ex\n',
    })
  })

  it('with warnings on standard error, each once, and 0', async () => {
    const warning = 'alias self names itself; there is no local delivery, the other targets are used'
    expect(await verify(await siteWithAliases(), 'self', 'self@localhost')).toEqual({
      ...QUIET,
      stdout: 'self: x@d.ex\nself@localhost: x@d.ex\n',
      stderr: `mq-sendmail: ${warning}\n`,
    })
  })

  it('without reading standard input, which may stay open', async () => {
    const site = await siteWithAliases()
    const never = ['sh', '-c', 'mkfifo "$0" && exec "$@" <> "$0"', `${site.directory}/fifo`]
    const options = { config: site.config, through: never }
    expect(await startCommand('mq-sendmail', ['-bv', 'root'], options).result).toEqual({
      ...QUIET,
      stdout: 'root: boss@d.ex\n',
    })
  })
})

describe('-bv and what cannot be used', () => {
  it('names who leads to nobody, tells the others, and ends with 67', async () => {
    expect(await verify(await siteWithAliases(), 'pip', 'a', 'root', 'foo@@bar..x')).toEqual({
      ...QUIET,
      code: 67,
      stdout: 'root: boss@d.ex\n',
      stderr:
        'mq-sendmail: "foo@@bar..x" is not a mail address: the part after the "@" is not a host name\n' +
        'mq-sendmail: pip: alias pip: the command "/bin/false" is not run; name an address instead\n' +
        'mq-sendmail: a: alias loop: a -> b -> a\n',
    })
  })

  it.each(['foo@@bar..x', '|/bin/true', '/tmp/zz', ':include:/etc/passwd'])(
    'ends with 65 for %s, which is no address',
    async (operand) => {
      const result = await verify(await siteWithAliases(), operand, 'root')
      expect(result).toMatchObject({ code: 65, stdout: 'root: boss@d.ex\n' })
      expect(result.stderr).toMatch(/^mq-sendmail: [^\n]+\n$/)
    },
  )

  it.each<[string[]]>([[[]], [['']], [['-t']], [['-t', 'root']]])('ends with 64 for %j', async (args) => {
    const result = await verify(await siteWithAliases(), ...args)
    expect(result).toMatchObject({ code: 64, stdout: '' })
    expect(result.stderr).toMatch(/^mq-sendmail: [^\n]+\n$/)
  })

  it('ends with 78 when the aliases file that was named is missing', async () => {
    const result = await verify(await siteWithAliases(), '--aliases=/nonexistent', 'root')
    expect(result).toMatchObject({ code: 78, stdout: '' })
  })
})
