/** Options that few callers give, on the real command: what they do, and which of them are refused before anything is read. */
import { describe, expect, it } from 'vitest'
import type { MailSite } from '../../helpers/mail-site.ts'
import { mailEnvironment, openMailSite, testCases } from './case.ts'

const ONE_LINE = /^mq-mail: [^\n]+\n$/

describe('options that are obeyed', () => {
  testCases([
    {
      name: '-T names recipients of each kind',
      args: ['-T', 'to: a@x.org', '-T', 'cc: c@x.org', '-T', 'bcc: b@x.org'],
      recipients: ['a@x.org', 'b@x.org', 'c@x.org'],
      to: ['a@x.org'],
      cc: ['c@x.org'],
      nowhere: /b@x\.org/,
    },
    { name: '-C adds a header', args: ['-C', 'X-Mine: 1', 'a@x.org'], lines: ['X-Mine: 1'] },
    { name: '-F, -B, -D and -N change nothing', args: ['-F', '-B', '-D', '-N', 'a@x.org'], text: 'hello\n' },
    { name: '-. ends the options', args: ['-s', 'S', '-.', 'a@x.org'], subject: 'S' },
    {
      name: '-:/ reads no mailrc file',
      args: ['-:/', 'a@x.org'],
      files: { 'home/.mailrc': 'set from=rc@x.org\n' },
      home: { '.mailrc': /rc@/ },
    },
    ...['-~', '-I'].map((option) => ({
      name: `${option} obeys no ~ in a pipe, which is told`,
      args: [option, 'a@x.org'],
      stdin: '~q\n',
      text: '~q\n',
      stderr: ONE_LINE,
    })),
    {
      name: '--encoding is that of the files behind it',
      args: ['--encoding=quoted-printable', '--attach=DIR/a.bin', 'a@x.org'],
      files: { 'a.bin': 'a=b\n' },
      type: 'multipart/mixed',
      attachments: [{ name: 'a.bin', type: 'application/octet-stream', content: Buffer.from('a=b\n') }],
    },
    {
      name: '--return-address is -r',
      args: ['--return-address=me@x.org', 'a@x.org'],
      sender: 'me@x.org',
      from: 'me@x.org',
    },
    { name: '--append is -a', args: ['--append', 'X-Mine: 1', 'a@x.org'], lines: ['X-Mine: 1'] },
    {
      name: '--exec obeys set',
      args: ['--exec=set replyto=r@x.org', 'a@x.org'],
      replyTo: ['r@x.org'],
    },
    {
      name: '-S hostname= is the domain of names',
      args: ['-Shostname=other.example', 'ann'],
      recipients: ['ann@other.example'],
    },
    {
      name: '-S DEAD= is the file for dead letters, before that of the environment',
      args: ['-SDEAD=DIR/home/mine', 'a@x.org'],
      settings: { smtp_port: '1', queue_dir: undefined },
      env: { DEAD: 'DIR/home/other' },
      code: 75,
      recipients: [],
      stderr: ONE_LINE,
      home: { mine: /\nhello\n/ },
    },
    { name: '-S takes names that nobody knows', args: ['-Snosuch=1', '-S', 'nothing', 'a@x.org'] },
    {
      name: 'unset save in a mailrc file keeps no dead letter',
      args: ['a@x.org'],
      settings: { smtp_port: '1', queue_dir: undefined },
      env: { MAILRC: 'DIR/rc' },
      files: { rc: 'unset save\n' },
      code: 75,
      recipients: [],
      stderr: /^mq-mail: [^\n]+; it is not kept, for save is unset\n$/,
    },
    {
      name: 'an address with a comment keeps its name',
      args: ['bob@x.org (Bob B)'],
      recipients: ['bob@x.org'],
      lines: ['To: Bob B <bob@x.org>'],
    },
    {
      name: 'a short text of another script is base64',
      args: ['a@x.org'],
      stdin: 'дада\n',
      header: /^Content-Transfer-Encoding: base64\r$/m,
      text: 'дада\n',
    },
    {
      name: 'a pipe can be attached',
      args: ['--content-name=p.txt', '-A', 'DIR/pipe', 'a@x.org'],
      through: ['sh', '-c', 'mkfifo DIR/pipe && { printf "in pipe\\n" > DIR/pipe & } && exec "$@"', 'sh'],
      type: 'multipart/mixed',
      attachments: [{ name: 'p.txt', type: 'text/plain', content: Buffer.from('in pipe\n') }],
    },
  ])
})

const QUIET = { code: 0, signal: null, stdout: '', stderr: '' }

/** What the server was told of the sender and of each recipient. */
const envelopeCommands = (site: MailSite): string[] =>
  site.server.commands
    .filter((line) => /^(?:MAIL|RCPT)/.test(line))
    .map((line) => line.replace(/ (?:SIZE|BODY)=\w+/g, ''))

describe('options of sendmail behind --', () => {
  it.each([
    [['-N', 'failure,DELAY'], '', ' NOTIFY=FAILURE,DELAY'],
    [['-Nnever'], '', ' NOTIFY=NEVER'],
    [['-R', 'hdrs'], ' RET=HDRS', ''],
    [['-V', 'id+20 x=1'], ' ENVID=id+2B20+20x+3D1', ''],
    [['-f', 'e@x.org', '-N', 'success', '-R', 'full', '-V', 'id'], ' RET=FULL ENVID=id', ' NOTIFY=SUCCESS'],
  ])('%j asks for reports, at once and out of the queue', async (tail, ofSender, ofRecipient) => {
    const sender = tail.includes('e@x.org') ? 'e@x.org' : 'alerts@h.example'
    const wanted = [`MAIL FROM:<${sender}>${ofSender}`, `RCPT TO:<a@x.org>${ofRecipient}`]
    for (const isQueued of [false, true]) {
      const site = await openMailSite({}, { extensions: ['DSN'] })
      if (isQueued) site.configure({ from: 'alerts@h.example', smtp_port: '1' })
      const args = ['-s', 'S', 'a@x.org', '--', ...tail]
      expect(await site.run('mq-mail', args, { stdin: 'b\n', env: mailEnvironment(site) })).toEqual(QUIET)
      if (isQueued) {
        expect(envelopeCommands(site)).toEqual([])
        expect(site.queue()).toHaveLength(1)
        site.configure({ from: 'alerts@h.example' })
        expect((await site.run('mq-run', ['--force'])).code).toBe(0)
      }
      expect(envelopeCommands(site)).toEqual(wanted)
      expect(site.queue()).toEqual([])
    }
  })

  testCases([
    {
      name: 'ask a server that makes no reports for nothing',
      args: ['a@x.org', '--', '-N', 'failure', '-R', 'hdrs', '-V', 'id'],
    },
    ...[
      ['-N', 'sometimes'],
      ['-R', 'half'],
      ['-V', 'ü'],
      ['-X', 'log'],
    ].map((tail) => ({
      name: `${tail.join(' ')} is refused`,
      args: ['a@x.org', '--', ...tail],
      code: 64,
      recipients: [],
      stderr: /^mq-mail: behind "--": [^\n]+\n$/,
    })),
    ...[['-f', ''], ['-f', '<>'], ['-f<>']].map((tail) => ({
      name: `${JSON.stringify(tail)} is the null sender`,
      args: ['-r', 'me@x.org', 'a@x.org', '--', ...tail],
      sender: '',
      from: 'me@x.org',
    })),
    {
      name: '-f "" alone sends in the name of the mail system',
      args: ['a@x.org', '--', '-f', ''],
      sender: '',
      from: 'MAILER-DAEMON <MAILER-DAEMON@h.example>',
    },
    { name: '-r "" in front of it is the configured sender', args: ['-r', '', 'a@x.org'] },
  ])
})

describe('options that belong to reading mail or to running commands', () => {
  testCases(
    ['-L', '-p', '-R', '-X', '-Y', '-#'].map((option) => ({
      name: `${option} is refused`,
      args: [option, 'a@x.org'],
      code: 64,
      recipients: [],
      stderr: ONE_LINE,
    })),
  )
})

describe('callers with a mistake in their command line', () => {
  testCases([
    {
      name: 'autopostgresqlbackup for heirloom mailx names a file as a recipient: 64',
      args: ['-s', 'S', '/tmp/f1', '-a', 'DIR/f2', 'a@x.org'],
      files: { f2: 'x\n' },
      code: 64,
      recipients: [],
      stderr: ONE_LINE,
    },
    {
      name: 'duplicity-backup.sh passes subject and sender as recipients: the others get it, 65',
      args: ['Backup of host', 'f@x.org', 'a@x.org'],
      code: 65,
      recipients: ['a@x.org', 'f@x.org'],
      stderr: ONE_LINE,
    },
  ])
})
