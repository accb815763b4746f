/** A person at a terminal writes a letter: prompts, the end of it, and how it is given up. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { MailSite } from '../../helpers/mail-site.ts'
import {
  converse,
  HAS_TERMINAL,
  KEYS,
  type Conversation,
  type Exchange,
} from '../../helpers/pseudo-terminal.ts'
import { BIN } from '../../helpers/run-command.ts'
import { expectCase, mailEnvironment, openMailSite, type MailCase } from './case.ts'

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`

/** With -n the mail.rc of the machine, which may ask for more, plays no part. */
const atTerminal = (
  site: MailSite,
  args: readonly string[],
  exchanges: readonly Exchange[],
): Promise<Conversation> =>
  converse(
    `echo ready; exec ${[process.execPath, join(BIN, 'mq-mail'), '-n', ...args].map(quoted).join(' ')}`,
    exchanges,
    {
      ...mailEnvironment(site),
      MAILQUEUE_CONF: site.config,
    },
  )

/** The screen shows both outputs, so only what follows from the mail is compared. */
async function expectMail(site: MailSite, wanted: Omit<MailCase, 'name' | 'args'>): Promise<void> {
  const result = { code: 0, signal: null, stdout: '', stderr: '' }
  await expectCase(site, result, { name: '', args: [], ...wanted })
}

describe.skipIf(!HAS_TERMINAL)('a letter written at a terminal', () => {
  it('A92 begins with the subject, which is asked for, and ends with ^D', async () => {
    const site = await openMailSite()
    const { code } = await atTerminal(
      site,
      ['a@x.org'],
      [
        ['Subject: ', 'Subj\n'],
        ['Subj\r\n', 'body\n'],
        ['body\r\n', KEYS.end],
      ],
    )
    expect(code).toBe(0)
    await expectMail(site, { lines: ['To: a@x.org', 'Subject: Subj'], text: 'body\n' })
  })

  it('A93 ends with a dot alone, and a subject of the command line is not asked for', async () => {
    const site = await openMailSite()
    const { code, screen } = await atTerminal(site, ['-s', 'S', 'a@x.org'], [['ready\r\n', 'body\n.\n']])
    expect({ code, asked: screen.includes('Subject:') }).toEqual({ code: 0, asked: false })
    await expectMail(site, { lines: ['Subject: S'], text: 'body\n' })
  })

  it('is sent with 0 when its prompts cannot be written: whoever reads of a failure sends it again', async () => {
    const site = await openMailSite()
    const words = [process.execPath, join(BIN, 'mq-mail'), '-n', 'a@x.org'].map(quoted).join(' ')
    const { code, screen } = await converse(
      `echo ready; exec ${words} >/dev/full`,
      [['ready\r\n', 'Subj\nbody\n.\n']],
      { ...mailEnvironment(site), MAILQUEUE_CONF: site.config },
    )
    expect({ code, complains: screen.includes('mq-mail:') }).toEqual({ code: 0, complains: false })
    await expectMail(site, { lines: ['To: a@x.org', 'Subject: Subj'], text: 'body\n' })
  })

  it('A94 is given up with two ^C, and what was written is in dead.letter', async () => {
    const site = await openMailSite()
    const { code } = await atTerminal(
      site,
      ['-s', 'S', 'a@x.org'],
      [
        // a ^C throws away what was typed and not read yet: ~p shows that the line has been read
        ['ready\r\n', 'body\n~p\n'],
        ['~p\r\n', ''],
        ['\nbody\r\n', KEYS.interrupt],
        ['nterrupt', KEYS.interrupt],
      ],
    )
    expect(code).toBe(75)
    await expectMail(site, { recipients: [], home: { 'dead.letter': /^body$/m } })
  })

  it('is kept when a recipient that is typed behind it is none', async () => {
    const site = await openMailSite()
    const { code } = await atTerminal(
      site,
      ['-Saskcc', '-s', 'S', 'a@x.org'],
      [
        ['ready\r\n', 'body\n.\n'],
        ['Cc: ', '/tmp/x\n'],
      ],
    )
    expect(code).toBe(64)
    await expectMail(site, {
      recipients: [],
      home: { 'dead.letter': /^To: a@x\.org\nCc: \/tmp\/x\nSubject: S\n[^]*\n\nbody\n\n$/m },
    })
  })

  it('goes to those who are typed too, and what is wrong with a recipient is told once, before it is typed', async () => {
    const site = await openMailSite()
    const { code, screen } = await atTerminal(
      site,
      ['-s', 'S', '-b', 'b@x.org', 'a@x.org', 'not an@@address'],
      [['it has more than one word', '~t root, A@x.org\n~c wrong@@address\nbody\n~p\n.\n']],
    )
    expect(code).toBe(65)
    expect(screen.split('"not an@@address"')).toHaveLength(2)
    expect(screen.split('"wrong@@address"')).toHaveLength(2)
    await expectMail(site, {
      recipients: ['a@x.org', 'b@x.org', 'admin@h.example'],
      lines: ['To: a@x.org, admin@h.example'],
      text: 'body\n',
    })
  })

  it.each([
    ['~c /etc/passwd', /^From \S+ [^\n]+\nTo: a@x\.org\nCc: \/etc\/passwd\nSubject: S\n[^]*\n\nbody\n\n$/],
    ['~t /etc/passwd', /^From \S+ [^\n]+\nTo: a@x\.org, \/etc\/passwd\nSubject: S\n[^]*\n\nbody\n\n$/],
    ['~b |cat', /^From \S+ [^\n]+\nTo: a@x\.org\nBcc: \|cat\nSubject: S\n[^]*\n\nbody\n\n$/],
  ])('ends with 64 and is kept when %s is typed in it, however it is ended', async (line, letter) => {
    for (const end of ['.\n', KEYS.end]) {
      const site = await openMailSite()
      const { code, screen } = await atTerminal(
        site,
        ['-s', 'S', 'a@x.org'],
        [
          ['ready\r\n', `body\n${line}\n~p\n`],
          ['(continue)', end],
        ],
      )
      expect(code).toBe(64)
      expect(screen).toMatch(/mq-mail: [^\n]+ is a file or a command[^\n]+; it is kept in [^\n]+dead\.letter/)
      await expectMail(site, { recipients: [], home: { 'dead.letter': letter } })
    }
  })

  it.each<[string, string[], Exchange[]]>([
    ['~q with nothing written', [], [['ready\r\n', '~q\n']]],
    ['~x', [], [['ready\r\n', 'body\n~x\n']]],
    [
      'two ^C with nothing written',
      [],
      [
        ['ready\r\n', '~p\n'],
        ['~p\r\n', ''],
        ['S\r\n', KEYS.interrupt],
        ['nterrupt', KEYS.interrupt],
      ],
    ],
    ['~q and only to be shown', ['-d'], [['ready\r\n', 'body\n~q\n']]],
  ])('is told of when it was broken off with %s, and nothing is kept', async (_, more, exchanges) => {
    const site = await openMailSite()
    const { code, screen } = await atTerminal(site, [...more, '-s', 'S', 'a@x.org'], exchanges)
    expect(code).toBe(75)
    expect(screen.match(/^mq-mail: .*$/gm)).toEqual([
      expect.stringMatching(/^mq-mail: the letter was broken off; nothing of it is kept\r?$/),
    ])
    await expectMail(site, { recipients: [] })
  })

  it('is told of when save is unset and nothing of it is kept', async () => {
    const site = await openMailSite()
    const { code, screen } = await atTerminal(
      site,
      ['-Snosave', '-s', 'S', 'a@x.org'],
      [['ready\r\n', 'body\n~q\n']],
    )
    expect(code).toBe(75)
    expect(screen).toContain('mq-mail: the letter was broken off; it is not kept, for save is unset')
    await expectMail(site, { recipients: [] })
  })
})

describe.skipIf(!HAS_TERMINAL)('a terminal that goes away', () => {
  it.each([
    ['with a signal', ''],
    ['without one', 'setsid -w '],
  ])('%s ends the command with 75, and the letter is kept', async (_, through) => {
    const site = await openMailSite()
    const words = [process.execPath, join(BIN, 'mq-mail'), '-n', 'a@x.org'].map(quoted).join(' ')
    const { report } = await converse(
      `trap '' HUP; ${through}${words} 2>&3; echo "code $?" >&3`,
      [
        ['Subject: ', 'Subj\nbody\n~p\n'],
        ['(continue)', 'hangup'],
      ],
      { ...mailEnvironment(site), MAILQUEUE_CONF: site.config },
    )
    expect(report).toMatch(/^mq-mail: the letter was broken off; it is kept in [^\n]*\ncode 75\n$/)
    await expectMail(site, { recipients: [], home: { 'dead.letter': /^body$/m } })
  })
})
