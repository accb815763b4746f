/** SMTP on standard input and output. */
import { describe } from 'vitest'
import { testCases } from './case.ts'

const lines = (...commands: readonly string[]): string => commands.map((line) => `${line}\r\n`).join('')
const MAIL = ['DATA', 'Subject: s', '', 'b', '.']

/** What the session says, as the first digits of its last lines. */
const replies = (...codes: readonly string[]): RegExp =>
  new RegExp(`^${codes.map((code) => `(?:${code}-[^\\r\\n]*\\r\\n)*${code} [^\\r\\n]*\\r\\n`).join('')}$`)

describe('-bs', () => {
  testCases([
    {
      name: 'E13 serves a client that says everything before the greeting',
      args: ['-bs'],
      stdin: lines('EHLO x', 'MAIL FROM:<>', 'RCPT TO:<one@d.ex>', ...MAIL, 'QUIT'),
      sender: '',
      stdout: replies('220', '250', '250', '250', '354', '250', '221'),
      body: 'b\r\n',
    },
    {
      name: 'E16 knows the commands that send nothing',
      args: ['-bs'],
      stdin: lines('HELO x', 'RSET', 'NOOP', 'VRFY root', 'HELP', 'FROB', 'QUIT'),
      recipients: [],
      stdout: replies('220', '250', '250', '250', '252', '(?:214|502)', '(?:500|502)', '221'),
    },
    {
      name: 'E17 takes -i',
      args: ['-bs', '-i'],
      stdin: lines('HELO x', 'MAIL FROM:<a@s.ex>', 'RCPT TO:<one@d.ex>', ...MAIL, 'QUIT'),
      sender: 'a@s.ex',
      stdout: replies('220', '250', '250', '250', '354', '250', '221'),
    },
    {
      name: 'E17 does not take -t',
      args: ['-bs', '-t'],
      stdin: lines('QUIT'),
      code: 64,
      recipients: [],
      stderr: /^mq-sendmail: [^\n]+\n$/,
    },
    {
      name: 'drops a mail whose end never comes',
      args: ['-bs'],
      stdin: lines('HELO x', 'MAIL FROM:<a@s.ex>', 'RCPT TO:<one@d.ex>', 'DATA', 'Subject: s', '', 'b'),
      recipients: [],
      code: 65,
      stderr: /^mq-sendmail: [^\n]+\n$/,
      stdout: replies('220', '250', '250', '250', '354'),
    },
  ])
})
