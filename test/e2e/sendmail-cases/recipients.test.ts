/** Who gets the mail. */
import { describe } from 'vitest'
import { M1, testCases } from './case.ts'

const LINE = /^mq-sendmail: [^\n]+\n$/
const THREE = 'From: a@s.ex\nTo: one@d.ex\nCc: two@d.ex\nBcc: three@d.ex\nSubject: s\n\nb\n'
const fields = (text: string): string => `From: a@s.ex\n${text}Subject: s\n\nb\n`

describe('the recipients of -t', () => {
  testCases([
    {
      name: 'C01 are those of To, Cc and Bcc, and Bcc is gone',
      args: ['-t'],
      stdin: THREE,
      recipients: ['one@d.ex', 'two@d.ex', 'three@d.ex'],
      lines: ['To: one@d.ex', 'Cc: two@d.ex'],
    },
    { name: 'C03 may all stand on the command line', args: ['-t', '--', 'one@d.ex'], stdin: M1 },
    { name: 'C04 must be somewhere', args: ['-t'], stdin: M1, code: 64, recipients: [], stderr: LINE },
    { name: 'C05 without -t neither', args: [], stdin: M1, code: 64, recipients: [], stderr: LINE },
    {
      name: 'C06 may all be in Bcc',
      args: ['-t'],
      stdin: fields('Bcc: two@d.ex\n'),
      recipients: ['two@d.ex'],
      notInHeader: /two@/,
    },
    {
      name: 'C07 are found however the fields are written',
      args: ['-t'],
      stdin: fields('TO: one@d.ex\nBCC: two@d.ex\nBcc : three@d.ex\n'),
      recipients: ['one@d.ex', 'two@d.ex', 'three@d.ex'],
      notInHeader: /two@|three@/,
    },
    {
      name: 'C09 are found in folded fields',
      args: ['-t'],
      stdin: fields('To: one@d.ex,\n two@d.ex\nBcc: three@d.ex,\n\tfour@d.ex\n'),
      recipients: ['one@d.ex', 'two@d.ex', 'three@d.ex', 'four@d.ex'],
      notInHeader: /three@|four@/,
    },
    {
      name: 'C10 are not in an empty group',
      args: ['-t'],
      stdin: fields('To: undisclosed-recipients:;\nBcc: joe@d.ex\n'),
      recipients: ['joe@d.ex'],
      lines: ['To: undisclosed-recipients:;'],
    },
  ])
})

describe('recipients on the command line', () => {
  testCases([
    { name: 'C12 may be a list', args: ['one@d.ex, two@d.ex'], recipients: ['one@d.ex', 'two@d.ex'] },
    {
      name: 'C13 may have names and comments',
      args: ['Full N <one@d.ex>', '"q, r" <two@d.ex> (c)'],
      recipients: ['one@d.ex', 'two@d.ex'],
    },
    { name: 'C14 may be empty, which is nobody', args: ['', 'one@d.ex'] },
    { name: 'C16 get the mail domain', args: ['root'], recipients: ['root@h.example'] },
    { name: 'C17 have to be addresses', args: ['foo@@bar..x'], code: 65, recipients: [], stderr: LINE },
    ...['|/bin/true', '/tmp/zz', ':include:/etc/passwd'].map((operand) => ({
      name: `C18 are no ${operand}`,
      args: [operand],
      code: 65,
      recipients: [],
      stderr: LINE,
    })),
    {
      name: 'C19 get theirs although another one is refused, who is named',
      args: ['one@d.ex', 'reject@d.ex'],
      code: 67,
      stderr: /^mq-sendmail: reject@d\.ex was refused: [^\n]*550[^\n]*\n$/,
      queue: ['failed reject@d.ex=failed'],
      body: 'body\r\n',
    },
    {
      name: 'C20 who are refused are kept and not tried again',
      args: ['reject@d.ex'],
      code: 67,
      recipients: [],
      stderr: /^mq-sendmail: reject@d\.ex was refused: [^\n]*550[^\n]*\n$/,
      queue: ['failed reject@d.ex=failed'],
    },
  ])
})
