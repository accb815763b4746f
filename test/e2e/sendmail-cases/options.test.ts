/** The command line: which options are known, and what they do. */
import { describe } from 'vitest'
import { M0_WIRE } from '../../helpers/mail-site.ts'
import { M1, testCases, withBody } from './case.ts'

const LINE = /^mq-sendmail: [^\n]+\n$/
const NOT_SENT = { code: 64, recipients: [], stderr: LINE }
const DSN = { extensions: ['DSN', '8BITMIME', 'SIZE'] }
const CRON = 'From: root (Cron Daemon)\nTo: one@d.ex\nSubject: Cron <root@h> x\nMIME-Version: 1.0\n\nout\n'

describe('options', () => {
  testCases([
    {
      name: 'A01 none: the caller is the sender, and what is missing is added',
      args: ['one@d.ex'],
      stdin: 'From: a@s.ex\nTo: one@d.ex\nSubject: s\n\nbody\n',
      header: /^Date: [^\r]+\r\nMessage-ID: <[^\r]+>\r\n$/m,
      body: 'body\r\n',
    },
    { name: 'A02 -t takes the recipient of To', args: ['-t'] },
    { name: 'A03 -ti is -t -i', args: ['-ti'], stdin: withBody('x\n.\ny\n'), body: 'x\r\n.\r\ny\r\n' },
    {
      name: 'A04 those of cron in Debian, whose From has no domain',
      args: ['-FCronDaemon', '-i', '-B8BITMIME', '-oem', 'one@d.ex'],
      stdin: CRON,
      lines: ['From: root@h.example (Cron Daemon)'],
      body: 'out\r\n',
    },
    {
      name: 'A05 those of cronie',
      args: ['-FCronDaemon', '-i', '-odi', '-oem', '-oi', '-t', '-f', 'root'],
      stdin: CRON,
      sender: 'root@h.example',
    },
    {
      name: 'A06 those of the cron of BSD',
      args: ['-FCronDaemon', '-odi', '-oem', '-oi', '-or0s', 'one@d.ex'],
      stdin: M1,
      header: /^From: CronDaemon <[^>]+@h\.example>\r$/m,
    },
    {
      name: 'A08 those of anacron, which gives no -i',
      args: ['-FAnacron', '-odi', 'one@d.ex'],
      stdin: withBody('a\n.\nx\n'),
      body: 'a\r\n',
    },
    {
      name: 'A09 -oi -t keeps a lone dot and what follows',
      args: ['-oi', '-t'],
      stdin: withBody('a\n.\nx\n'),
      body: 'a\r\n.\r\nx\r\n',
    },
    {
      name: 'A10 -f with two recipients',
      args: ['-f', 'env@s.ex', '-i', 'one@d.ex', 'two@d.ex'],
      sender: 'env@s.ex',
      recipients: ['one@d.ex', 'two@d.ex'],
    },
    {
      name: 'A11 those of mutt with delivery reports',
      args: [
        '-oem',
        '-oi',
        '-B8BITMIME',
        '-f',
        'a@s.ex',
        '-N',
        'failure,delay',
        '-R',
        'hdrs',
        '--',
        'one@d.ex',
      ],
      script: DSN,
      sender: 'a@s.ex',
      mailParameters: /RET=HDRS/,
      rcpt: /NOTIFY=FAILURE,DELAY/,
    },
    {
      name: 'A13 -F names the author',
      args: ['-i', '-F', 'A B', '-f', 'a@s.ex', '--', 'one@d.ex'],
      stdin: M1,
      sender: 'a@s.ex',
      lines: ['From: A B <a@s.ex>'],
    },
    {
      name: 'A14 -m and -v of mailx, with the dialogue on standard error',
      args: ['-i', '-t', '-f', 'a@s.ex', '-m', '-v'],
      sender: 'a@s.ex',
      stderr: /RCPT TO:<one@d\.ex>/,
    },
    {
      name: 'A16 -f with its argument attached',
      args: ['-i', '-oi', '-fuser@s.ex', '-t'],
      sender: 'user@s.ex',
    },
    {
      name: "A18 -f '' is the null sender",
      args: ['-i', '-f', '', '--', 'one@d.ex'],
      stdin: M1,
      sender: '',
      lines: ['From: MAILER-DAEMON <MAILER-DAEMON@h.example>'],
    },
    { name: 'A20 those of MIME::Lite', args: ['-t', '-oi', '-oem', '-fa@s.ex'], sender: 'a@s.ex' },
    { name: 'A21 -r is -f', args: ['-r', 'env@s.ex', 'one@d.ex'], stdin: M1, sender: 'env@s.ex' },
    {
      name: 'A22 -N never, -R full and -V',
      args: ['-N', 'never', '-R', 'full', '-V', 'id+20x', 'one@d.ex'],
      stdin: M1,
      script: DSN,
      mailParameters: /RET=FULL ENVID=id\+2B20x/,
      rcpt: /NOTIFY=NEVER/,
    },
    {
      name: 'A23 everything that changes nothing',
      args: '-n -m -G -h 3 -L tag -U -x -e m -p ESMTP -Ac -c -oo -O Timeout.iident=0s one@d.ex'.split(' '),
    },
    { name: 'A25 an unknown letter', args: ['-z', 'one@d.ex'], ...NOT_SENT, stderr: /unknown option -z/ },
    {
      name: 'A26 an unknown name',
      args: ['--frobnicate', 'one@d.ex'],
      ...NOT_SENT,
      stderr: /unknown option --frobnicate/,
    },
    { name: 'A27 an option after a recipient', args: ['one@d.ex', '-f', 'env@s.ex'], ...NOT_SENT },
    { name: 'A29 -s of mail(1)', args: ['-s', 'subj', 'one@d.ex'], ...NOT_SENT },
    { name: 'A30 -h without its argument', args: ['-h'], ...NOT_SENT },
    { name: 'A31 -V without its argument', args: ['-V'], ...NOT_SENT },
    ...[['--version'], ['-bV'], ['-d0.1']].map((args) => ({
      name: `A32 ${args.join(' ')} prints the version and reads nothing`,
      args,
      recipients: [],
      stdout: /^mailqueue \d+\.\d+\.\d+\n$/,
    })),
    {
      name: 'A33 the last -f counts',
      args: ['-f', 'a@s.ex', '-f', 'b@s.ex', 'one@d.ex'],
      stdin: M1,
      sender: 'b@s.ex',
    },
    {
      name: 'A35 a bare -f gets the mail domain',
      args: ['-f', 'tester', 'one@d.ex'],
      stdin: M1,
      sender: 'tester@h.example',
    },
    { name: 'A36 -N with a word that is none', args: ['-N', 'sometimes', 'one@d.ex'], ...NOT_SENT },
    { name: 'A37 -B with a word that is none', args: ['-B', 'bogus', 'one@d.ex'], body: M0_WIRE.slice(-6) },
  ])
})
