/** Who gets the mail, and who sends it. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CALLER } from '../../helpers/mail-site.ts'
import { runCase, testCases } from './case.ts'

const ONE_LINE = /^mq-mail: [^\n]+\n$/

describe('recipients', () => {
  testCases([
    {
      name: 'A58 may be many, in lists and with names; those of -b are shown to nobody',
      args: [
        ...['-s', 'T', '-c', 'c1@x.org,c2@x.org', '-b', 'b1@x.org', '-b', 'b2@x.org'],
        ...['a@x.org,b@x.org', 'Bob B <bob@x.org>'],
      ],
      recipients: ['a@x.org', 'b1@x.org', 'b2@x.org', 'b@x.org', 'bob@x.org', 'c1@x.org', 'c2@x.org'],
      to: ['a@x.org', 'b@x.org', 'Bob B <bob@x.org>'],
      cc: ['c1@x.org', 'c2@x.org'],
      nowhere: /b[12]@/,
    },
    {
      name: 'A59 may be two in one word, as cylc writes them',
      args: ['-s', 'U', '-r', 'n@x.org', 'u1@d.org, u2@d.org'],
      sender: 'n@x.org',
      recipients: ['u1@d.org', 'u2@d.org'],
      to: ['u1@d.org', 'u2@d.org'],
    },
    {
      name: 'A59 may be two with a blank between them, as MailTo writes them',
      args: ['-s', 'U', 'u1@d.org u2@d.org'],
      recipients: ['u1@d.org', 'u2@d.org'],
      to: ['u1@d.org', 'u2@d.org'],
    },
    {
      name: 'A59 may be names that are known here among them: an alias, a user, a personal alias',
      args: ['-s', 'U', 'u1@d.org ops root team'],
      files: { rc: 'alias team t1@x.org t2@x.org\n' },
      env: { MAILRC: 'DIR/rc' },
      recipients: ['u1@d.org', 'one@h.example', 'two@h.example', 'admin@h.example', 't1@x.org', 't2@x.org'],
      to: ['u1@d.org', 'one@h.example', 'two@h.example', 'admin@h.example', 't1@x.org', 't2@x.org'],
    },
    {
      name: 'A59 are refused when a word among them is not known: it may be a part of a name',
      args: ['-s', 'U', 'Bob Nobody b@x.org', 'a@x.org'],
      code: 65,
      to: ['a@x.org'],
      stderr: /^mq-mail: "Bob Nobody b@x\.org" [^\n]+; if it is a list, put commas between its members\n$/,
    },
    {
      name: 'A62 may have a comment',
      args: ['-s', 'S', 'bob@x.org (Bob B)'],
      recipients: ['bob@x.org'],
      header: /^To: (?:"?Bob B"? <bob@x\.org>|bob@x\.org(?: \(Bob B\))?)\r$/m,
    },
    {
      name: 'A63 get one mail although they are named twice',
      args: ['-s', 'S', 'a@x.org', 'A@x.org', 'a@x.org'],
      recipients: ['a@x.org'],
      to: ['a@x.org'],
    },
    { name: 'A69 stand behind --', args: ['-s', 'S', '--', 'a@x.org'], to: ['a@x.org'] },
    {
      name: 'A81 are looked up in the aliases',
      args: ['-s', 'S', 'ops'],
      recipients: ['one@h.example', 'two@h.example'],
      to: ['one@h.example', 'two@h.example'],
    },
    {
      name: 'A81 are looked up in the file that MAILRC names',
      args: ['-s', 'S', 'team'],
      files: { rc: 'alias team t1@x.org t2@x.org\n' },
      env: { MAILRC: 'DIR/rc' },
      recipients: ['t1@x.org', 't2@x.org'],
      to: ['t1@x.org', 't2@x.org'],
    },
  ])
})

describe('recipients that are refused', () => {
  testCases([
    {
      name: 'A15 have a line break',
      args: ['-s', 'S', 'a@x.org\nX-Inj: 1'],
      code: 64,
      recipients: [],
      stderr: ONE_LINE,
    },
    { name: 'A65 are an empty word', args: ['-s', 'S', ''], code: 64, recipients: [], stderr: ONE_LINE },
    { name: 'A65 are not there', args: ['-s', 'S'], code: 64, recipients: [], stderr: ONE_LINE },
    {
      name: 'A66 are copies only',
      args: ['-s', 'S', '-c', 'c@x.org'],
      code: 64,
      recipients: [],
      stderr: ONE_LINE,
    },
    {
      name: 'A71 look like options of a sendmail; the others are served',
      args: ['-s', 'S', '--', '-oQ/tmp/x', 'a@x.org'],
      code: 65,
      to: ['a@x.org'],
      nowhere: /-oQ\/tmp/,
      stderr: /^mq-mail: [^\n]*-oQ[^\n]*\n$/,
    },
  ])

  testCases([
    ...['./x', 'foo/bar', '~/f', '~f', '+x', 'x</etc/passwd'].map((name) => ({
      name: `${name} is a file for mail(1), perhaps one whose option was forgotten`,
      args: ['-s', 'S', name],
      code: 64,
      recipients: [],
      stderr: ONE_LINE,
    })),
    {
      name: 'may look like a file where an alias has that name, and where there is a domain',
      args: ['-s', 'S', 'foo/bar', 'a/b@x.org'],
      aliases: 'foo/bar: a@x.org\n',
      recipients: ['a@x.org', 'a/b@x.org'],
    },
  ])

  it('A68 are a file or a command: nothing is written and nothing is run', async () => {
    const args = ['-s', 'S', 'DIR/f']
    const site = await runCase({ name: '', args, code: 64, recipients: [], stderr: ONE_LINE })
    expect(existsSync(join(site.directory, 'f'))).toBe(false)
    const command = ['-s', 'S', '|cat > DIR/p']
    const other = await runCase({ name: '', args: command, code: 64, recipients: [], stderr: ONE_LINE })
    expect(existsSync(join(other.directory, 'p'))).toBe(false)
  })
})

describe('the sender', () => {
  testCases([
    {
      name: 'A88 may have a name, which is not for the envelope',
      args: ['-r', 'Me X <me@x.org>', '-s', 'S', 'a@x.org'],
      sender: 'me@x.org',
      from: 'Me X <me@x.org>',
    },
    {
      name: 'A90 must be an address',
      args: ['-r', 'bad addr here', '-s', 'S', 'a@x.org'],
      code: 64,
      recipients: [],
      stderr: ONE_LINE,
    },
    {
      name: 'A91 is the caller where no other is known',
      args: ['-s', 'S', 'a@x.org'],
      settings: { from: undefined },
      sender: CALLER,
      from: CALLER,
    },
  ])

  it('A82 is the one of the file that MAILRC names, which also keeps a copy', async () => {
    const site = await runCase({
      name: '',
      args: ['-s', 'S', 'a@x.org'],
      files: { rc: 'set from="Rc <rc@x.org>"\nset record=~/R\n' },
      env: { MAILRC: 'DIR/rc' },
      sender: 'rc@x.org',
      from: 'Rc <rc@x.org>',
      home: { R: /^From \S+ [^\n]+\n[^]*^Subject: S\n[^]*\n\nhello\n\n$/m },
    })
    expect(readFileSync(join(site.directory, 'home/R'), 'latin1').match(/^From /gm)).toHaveLength(1)
  })

  testCases([
    {
      name: 'A82 of the command line comes before the one of the file',
      args: ['-r', 'cli@x.org', '-s', 'S', 'a@x.org'],
      files: { rc: 'set from="Rc <rc@x.org>"\n' },
      env: { MAILRC: 'DIR/rc' },
      sender: 'cli@x.org',
      from: 'cli@x.org',
    },
  ])
})
