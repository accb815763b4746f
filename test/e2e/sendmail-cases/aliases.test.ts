/** The aliases file. */
import { writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { openSite } from '../../helpers/mail-site.ts'
import { testCases } from './case.ts'

const ONE_AND_TWO = ['one@d.ex', 'two@d.ex']
const BOSS = { aliases: 'root: boss@d.ex\n', recipients: ['boss@d.ex'] }
const CRON = 'From: root (Cron Daemon)\nTo: root\nSubject: s\n\nb\n'

describe('an alias', () => {
  testCases([
    {
      name: 'D01 stands for several',
      args: ['lst'],
      aliases: 'lst: one@d.ex, two@d.ex\n',
      recipients: ONE_AND_TWO,
    },
    { name: 'D02 has no upper and lower case', args: ['LST'], aliases: 'lSt: one@d.ex\n' },
    {
      name: 'D03 may go on in the next line',
      args: ['cont'],
      aliases: 'cont: one@d.ex,\n  two@d.ex\n',
      recipients: ONE_AND_TWO,
    },
    { name: 'D04 may be in quotes', args: ['quo.ted'], aliases: '"quo.ted": one@d.ex\n' },
    {
      name: 'D07 that names itself goes to the others',
      args: ['root'],
      aliases: 'root: root, boss@d.ex\n',
      recipients: ['boss@d.ex'],
      stderr: /^mq-sendmail: alias root names itself[^\n]*\n$/,
    },
    {
      name: 'D10 that runs a program is refused',
      args: ['pip'],
      aliases: 'pip: "|/bin/cat > DIR/out"\n',
      code: 67,
      recipients: [],
      stderr: /^mq-sendmail: pip: [^\n]*not run[^\n]*\n$/,
    },
    {
      name: 'D11 with whatever is wrong does not touch mail to others',
      args: ['one@d.ex'],
      aliases: 'p: "|/bin/cat"\nno colon\n"unclosed: x\n',
    },
    {
      name: 'D12 works although another line is wrong, which is told',
      args: ['root'],
      aliases: 'junk\nroot: boss@d.ex\n',
      recipients: ['boss@d.ex'],
      stderr: /^mq-sendmail: [^\n]*aliases:1: [^\n]*\n$/,
    },
    { name: 'D14 is found for root@localhost', args: ['root@localhost'], ...BOSS },
    { name: 'D14 is found for root at this host', args: ['root@h.example'], ...BOSS },
    { name: 'D17 is left alone with -n', args: ['-n', 'root'], ...BOSS, recipients: ['root@h.example'] },
    {
      name: 'D18 changes To only on demand: not without',
      args: ['-t'],
      stdin: CRON,
      ...BOSS,
      lines: ['To: root@h.example'],
    },
    {
      name: 'D18 changes To only on demand: with set_to_header',
      args: ['-t'],
      stdin: CRON,
      ...BOSS,
      settings: { set_to_header: 'on' },
      lines: ['To: boss@d.ex'],
    },
    {
      name: 'D19 called default catches the others where it is switched on',
      args: ['nosuch'],
      aliases: 'default: one@d.ex\n',
      settings: { default_alias: 'yes' },
    },
    {
      name: 'D19 called default is no more than a name otherwise',
      args: ['nosuch'],
      aliases: 'default: one@d.ex\n',
      recipients: ['nosuch@h.example'],
    },
    {
      name: 'D20 is printed by -bv, which sends nothing',
      args: ['-bv', 'root'],
      ...BOSS,
      recipients: [],
      stdout: /^root: boss@d\.ex\n$/,
    },
    {
      name: 'D21 is counted by -bi',
      args: ['-bi'],
      ...BOSS,
      recipients: [],
      stdout: /: 1 aliases?\n$/,
    },
    {
      name: 'D21 is complained about by newaliases, line by line',
      args: [],
      program: 'newaliases',
      aliases: 'junk\nroot: boss@d.ex\nmore junk\n',
      code: 78,
      recipients: [],
      stdout: /: 1 aliases?\n$/,
      stderr: /aliases:1: [^\n]*\n[^\n]*aliases:3: /,
    },
  ])

  it('D09 may be a file with comments', async () => {
    const site = await openSite()
    writeFileSync(`${site.directory}/list`, '# comment\none@d.ex # first\ntwo@d.ex, three@d.ex\n')
    site.write('aliases', `incl: :include:${site.directory}/list\n`)
    const result = await site.run('mq-sendmail', ['incl'], { stdin: 'Subject: s\n\nb\n' })
    expect(result).toEqual({ code: 0, signal: null, stdout: '', stderr: '' })
    expect(site.received.map(({ rcptTo }) => rcptTo)).toEqual([['one@d.ex', 'two@d.ex', 'three@d.ex']])
    expect(site.queue()).toEqual([])
  })
})
