/** Options of mail(1), in the meanings that its implementations give them. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DOWN } from '../../helpers/mail-site.ts'
import { startCommand } from '../../helpers/run-command.ts'
import { expectCase, mailEnvironment, openMailSite, testCases } from './case.ts'

const ONE_LINE = /^mq-mail: [^\n]+\n$/

describe('a subject', () => {
  testCases([
    {
      name: 'A01 a text with a subject is sent',
      args: ['-s', 'Test subj', 'a@x.org'],
      lines: ['To: a@x.org', 'Subject: Test subj'],
      from: 'alerts@h.example',
      text: 'hello\n',
    },
    { name: 'A10 stands right behind -s', args: ['-sUPS monitor', 'a@x.org'], subject: 'UPS monitor' },
    { name: 'A11 begins with dashes', args: ['-s', '--- report ---', 'a@x.org'], subject: '--- report ---' },
    { name: 'A13 is that of the last -s', args: ['-s', 'A', '-s', 'B', 'a@x.org'], lines: ['Subject: B'] },
    { name: 'A20 is left out without -s', args: ['a@x.org'], stdin: 'x\n', notInHeader: /^Subject:/im },
    { name: 'A21 may be empty', args: ['-s', '', 'a@x.org'], header: /^(?:(?!Subject: *[^ \r])[^\n]*\n)*$/i },
  ])
})

describe('-S', () => {
  testCases([
    {
      name: 'A02 dnf-automatic mails root in the name of root',
      args: ['-Ssendwait', '-s', "Updates applied on 'h'.", '-r', 'root', 'root'],
      sender: 'admin@h.example',
      recipients: ['admin@h.example'],
      from: 'admin@h.example',
      to: ['admin@h.example'],
      subject: "Updates applied on 'h'.",
    },
    {
      name: 'A03 dnf-automatic mails root where there is no alias for root',
      args: ['-Ssendwait', '-s', "Updates applied on 'h'.", '-r', 'root', 'root'],
      aliases: '',
      sender: 'root@h.example',
      recipients: ['root@h.example'],
      from: 'root@h.example',
      subject: "Updates applied on 'h'.",
    },
    {
      name: 'A04 dnf-automatic mails two people',
      args: ['-Ssendwait', '-s', 'S', '-r', 'f@x.org', 'a@x.org', 'b@x.org'],
      sender: 'f@x.org',
      recipients: ['a@x.org', 'b@x.org'],
      lines: ['To: a@x.org, b@x.org', 'From: f@x.org'],
    },
    { name: 'A05 takes the next word', args: ['-S', 'sendwait', '-s', 'S', 'a@x.org'], to: ['a@x.org'] },
    {
      name: 'A72 from= is obeyed, and another server is not',
      args: [
        '-s',
        'S',
        '-Sfrom=AIDE on h <root@h.example>',
        '-Smta=smtp://_aide@localhost',
        '-Ssmtp-auth=none',
        '-Sv15-compat',
        'a@x.org',
      ],
      sender: 'root@h.example',
      from: 'AIDE on h <root@h.example>',
    },
    {
      name: 'A74 replyto= says who gets the answers',
      args: ['-S', 'replyto=r@x.org', '-s', 'S', 'a@x.org'],
      lines: ['Reply-To: r@x.org'],
    },
    {
      name: 'A74 reply-to= says the same',
      args: ['-S', 'reply-to=r@x.org', '-s', 'S', 'a@x.org'],
      lines: ['Reply-To: r@x.org'],
    },
    {
      name: 'A74 and so does REPLYTO',
      args: ['-s', 'S', 'a@x.org'],
      env: { REPLYTO: 'r@x.org' },
      lines: ['Reply-To: r@x.org'],
    },
  ])
})

describe('-E', () => {
  testCases([
    { name: 'A32 an empty text is not sent', args: ['-E', '-s', 'S', 'a@x.org'], stdin: '', recipients: [] },
    {
      name: 'an empty text is sent where there is another form of it',
      args: ['-E', '-s', 'S', '--alternative=DIR/a.html', 'a@x.org'],
      files: { 'a.html': '<p>hi</p>\n' },
      stdin: '',
      type: 'text/html',
      html: '<p>hi</p>\n',
    },
    {
      name: 'a mail whose only attachment is left out for being empty is not sent',
      args: ['-E', '--skip-empty-attachments', '-s', 'S', '-A', 'DIR/empty', 'a@x.org'],
      files: { empty: '' },
      stdin: '',
      recipients: [],
    },
    {
      name: 'A35 a command of mailutils is no recipient',
      args: ['-E', 'set escape', '-s', '[Fail2Ban] x', 'root'],
      stdin: 'hi\n',
      recipients: ['admin@h.example'],
      subject: '[Fail2Ban] x',
      to: ['admin@h.example'],
      text: 'hi\n',
    },
    {
      name: 'A37 a wrapper of cron is understood',
      args: ['-E', '-s', 'Cron - X', '-a', 'From: Cron Daemon <root>', 'root'],
      stdin: 'out\n',
      sender: 'admin@h.example',
      recipients: ['admin@h.example'],
      from: /^Cron Daemon <(?:admin|root)@h\.example>$/,
      subject: 'Cron - X',
    },
  ])
})

describe('-a with a header', () => {
  testCases([
    {
      name: 'A38 adds it',
      args: ['-a', 'X-Foo: bar', '-a', 'X-B: 2', '-s', 'S', 'a@x.org'],
      lines: ['X-Foo: bar', 'X-B: 2'],
    },
    {
      name: 'A39 takes the place of a generated one, as apticron wants',
      args: [
        ...['-a', 'MIME-Version: 1.0', '-a', 'Content-type: text/plain; charset=UTF-8'],
        ...['-a', 'Content-transfer-encoding: 8bit', '-a', 'From: apt@x.org', '-s', 'S', 'root'],
      ],
      stdin: 'hé\n',
      sender: 'apt@x.org',
      recipients: ['admin@h.example'],
      from: 'apt@x.org',
      text: 'hé\n',
      charset: /^utf-8$/i,
    },
    {
      name: 'A40 makes it HTML',
      args: [...['-a', 'Content-Type: text/html; charset=UTF-8', '-s', 'S', '-r', 'f@x.org'], 'a@x.org'],
      stdin: '<b>é</b>\n',
      sender: 'f@x.org',
      type: 'text/html',
      charset: /^utf-8$/i,
      html: '<b>é</b>\n',
    },
    {
      name: 'A42 names the sender, for the envelope too',
      args: ['-a', 'From: Me <me@x.org>', '-s', 'S', 'a@x.org'],
      sender: 'me@x.org',
      from: 'Me <me@x.org>',
    },
    {
      name: 'A43 names the author, and -r the sender of the envelope',
      args: ['-a', 'From: me@x.org', '-r', 'env@x.org', '-s', 'S', 'a@x.org'],
      sender: 'env@x.org',
      from: 'me@x.org',
    },
    {
      name: 'A44 names recipients',
      args: ['-a', 'Cc: c@x.org', '-a', 'Bcc: b@x.org', '-s', 'S', 'a@x.org'],
      recipients: ['a@x.org', 'b@x.org', 'c@x.org'],
      cc: ['c@x.org'],
      nowhere: /b@x\.org/,
    },
  ])

  it('A46 cannot reach the body', async () => {
    const site = await openMailSite()
    const args = ['-a', 'X-A: 1\n\nearly body', '-s', 'S', 'a@x.org']
    const result = await site.run('mq-mail', args, { stdin: 'hello\n', env: mailEnvironment(site) })
    const refused = { name: '', args, code: 64, recipients: [], stderr: ONE_LINE }
    await expectCase(
      site,
      result,
      result.code === 0 ? { name: '', args, text: 'hello\n', header: /^X-A: 1 +early body\r$/m } : refused,
    )
  })
})

describe('a template read with -t', () => {
  testCases([
    {
      name: 'A77 names recipients, subject and other fields',
      args: ['-t'],
      stdin: 'To: h@x.org\nCc: hc@x.org\nBcc: hb@x.org\nSubject: T\nX-Y: z\n\nbody\n',
      recipients: ['h@x.org', 'hb@x.org', 'hc@x.org'],
      to: ['h@x.org'],
      cc: ['hc@x.org'],
      lines: ['Subject: T', 'X-Y: z'],
      text: 'body\n',
      nowhere: /hb@/,
    },
    {
      name: 'A78 adds to the command line, and its subject wins',
      args: ['-t', '-s', 'Cli', 'cli@x.org'],
      stdin: 'To: h@x.org\nSubject: hdr\n\nb',
      recipients: ['cli@x.org', 'h@x.org'],
      lines: ['Subject: hdr'],
    },
    {
      name: 'keeps a NUL in the text, and says nothing',
      args: ['-t'],
      stdin: 'To: a@x.org\r\n\r\na\0b\rc\n',
      header: /^Content-Transfer-Encoding: base64\r$/m,
      text: 'a\0b\rc\n',
    },
    {
      name: 'keeps a CR in the text that ends no line',
      args: ['-t'],
      stdin: 'To: a@x.org\n\nb\rc\r\nd',
      header: /^Content-Transfer-Encoding: quoted-printable\r$/m,
      text: 'b\rc\nd\n',
    },
    {
      name: 'A80 is text without -t',
      args: ['-s', 'S', 'a@x.org'],
      stdin: 'From: x\nTo: y\nSubject: z\n\nbody',
      to: ['a@x.org'],
      subject: 'S',
      text: /^From: x\nTo: y\nSubject: z\n\nbody\n?$/,
    },
  ])
})

describe('variables about the text', () => {
  const umlaut = 'h\u00e9 and more\n'
  const qp = /^Content-Transfer-Encoding: quoted-printable\r$/m
  testCases([
    ...['encoding=base64', 'mime-encoding=b64'].map((set) => ({
      name: `-S ${set} chooses the encoding`,
      args: ['-S', set, 'a@x.org'],
      stdin: umlaut,
      header: /^Content-Transfer-Encoding: base64\r$/m,
      text: umlaut,
    })),
    {
      name: 'mime-encoding of a mailrc file chooses it too, where most of the text is not ASCII',
      args: ['a@x.org'],
      files: { 'home/.mailrc': 'set mime-encoding=quoted-printable\n' },
      home: { '.mailrc': /mime/ },
      stdin: '\u00e9\u00e9\u00e9\n',
      header: qp,
      text: '\u00e9\u00e9\u00e9\n',
    },
    {
      name: 'an encoding is only for text that needs one',
      args: ['-Sencoding=base64', 'a@x.org'],
      header: /^Content-Transfer-Encoding: 7bit\r$/m,
    },
    {
      name: 'encoding=8bit has no effect, for the server may not take it',
      args: ['-Sencoding=8bit', 'a@x.org'],
      stdin: umlaut,
      header: qp,
      text: umlaut,
    },
    {
      name: 'sendcharsets has no effect: a text is sent in the charset that it has',
      args: ['-Ssendcharsets=iso-8859-1,utf-8', 'a@x.org'],
      stdin: umlaut,
      charset: /^utf-8$/,
      text: umlaut,
    },
    {
      name: '-S charset says what a text is in that is not UTF-8',
      args: ['-Scharset=iso-8859-15', 'a@x.org'],
      stdin: Buffer.from('\xa4\n', 'latin1'),
      charset: /^iso-8859-15$/,
      text: '\u20ac\n',
    },
    ...['utf-16', 'UTF-16LE', 'ucs-2', 'utf-32', 'utf-7', 'iso-2022-jp', 'cp037'].map((name) => ({
      name: `-S ttycharset=${name} has no effect: single bytes are no such text`,
      args: ['-S', `ttycharset=${name}`, 'a@x.org'],
      stdin: Buffer.from('\xe9\n', 'latin1'),
      charset: /^iso-8859-1$/,
      text: '\u00e9\n',
    })),
  ])
})

describe('other options', () => {
  testCases([
    {
      name: 'A75 -v talks on standard error only: the dialogue without the text, and what became of the mail',
      args: ['-n', '-N', '-i', '-v', '-s', 'S', 'a@x.org'],
      subject: 'S',
      stderr: new RegExp(
        [
          '^(?![^]*hello)mq-mail: S: 220 [^\\n]*',
          '(?:mq-mail: [SC]: [^\\n]*\n)*mq-mail: C: MAIL FROM:<alerts@h\\.example>[^\\n]*',
          'mq-mail: S: 250 [^\\n]*',
          'mq-mail: C: RCPT TO:<a@x\\.org>[^\\n]*',
          '(?:mq-mail: [SC]: [^\\n]*\n)*mq-mail: sent to a@x\\.org',
          '(?:mq-mail: [SC]: [^\\n]*\n)*$',
        ].join('\n'),
      ),
    },
    {
      name: 'A75 -n, -N and -i are quiet, and the mailrc file of the user counts',
      args: ['-n', '-N', '-i', '-s', 'S', 'a@x.org'],
      files: { 'home/.mailrc': 'set replyto=r@x.org\n' },
      home: { '.mailrc': /r@x/ },
      subject: 'S',
      replyTo: ['r@x.org'],
    },
    {
      name: 'A76 -d shows the message and the recipients, and sends nothing',
      args: ['-d', '-s', 'S', 'a@x.org'],
      recipients: [],
      stdout: /a@x\.org[^]*hello/,
    },
    {
      name: 'A76 -d queues nothing either',
      args: ['-d', '-s', 'S', 'a@x.org'],
      settings: DOWN,
      recipients: [],
      stdout: /a@x\.org/,
    },
    {
      name: 'A83 an unknown one is refused',
      args: ['--foo', '-s', 'S', 'a@x.org'],
      code: 64,
      recipients: [],
      stderr: ONE_LINE,
    },
    {
      name: 'A85 -V prints one line, and not the name of another program',
      args: ['-V'],
      through: ['sh', '-c', 'exec "$@" </dev/null', 'sh'],
      recipients: [],
      stdout: /^(?![^]*(?:GNU Mailutils|s-nail|12\.5))mq-mail \d+\.\d+\.\d+(?:-[\w.]+)?\n$/,
    },
  ])

  it.each([[['-f']], [['-H']], [['-e']], [['-u', 'root']], [[]]])(
    'A84 %j is not for sending, and is refused before standard input is read',
    async (args) => {
      const site = await openMailSite()
      const config = join(site.directory, 'mailqueue.conf')
      const running = startCommand('mq-mail', args, { config, env: mailEnvironment(site), staysOpen: true })
      const result = await running.result
      running.child.stdin?.end()
      expect(result.stdout).toBe('')
      await expectCase(site, result, { name: '', args, code: 64, recipients: [], stderr: ONE_LINE })
    },
  )
})
