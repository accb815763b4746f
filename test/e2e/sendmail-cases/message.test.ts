/** The message: how it is read, and what is added to it. */
import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { describe } from 'vitest'
import { CALLER, M0 } from '../../helpers/mail-site.ts'
import { M1, testCases, withBody } from './case.ts'

const LONG = 'word '.repeat(240).trimEnd()
const EIGHT = { extensions: ['8BITMIME'] }
const user = userInfo().username
const gecos = readFileSync('/etc/passwd', 'utf8')
  .split('\n')
  .find((line) => line.startsWith(`${user}:`))
  ?.split(':')[4]
  ?.split(',')[0]

describe('the end of the message', () => {
  testCases([
    { name: 'B01 is a lone dot', args: ['one@d.ex'], stdin: withBody('l1\n.\nl2\n'), body: 'l1\r\n' },
    {
      name: 'B02 is no lone dot with -i',
      args: ['-i', 'one@d.ex'],
      stdin: withBody('l1\n.\nl2\n'),
      body: 'l1\r\n.\r\nl2\r\n',
    },
    {
      name: 'B03 is no lone dot with -oi, and two dots stay two',
      args: ['-oi', 'one@d.ex'],
      stdin: withBody('l1\n..x\n.\nl2\n'),
      body: 'l1\r\n..x\r\n.\r\nl2\r\n',
    },
    {
      name: 'B05 is a lone dot with CRLF',
      args: ['one@d.ex'],
      stdin: withBody('l1\n.\nl2\n').replaceAll('\n', '\r\n'),
      body: 'l1\r\n',
    },
    {
      name: 'B06 is a dot at the end of the input',
      args: ['one@d.ex'],
      stdin: withBody('l1\n.'),
      body: 'l1\r\n',
    },
  ])
})

describe('the header', () => {
  testCases([
    {
      name: 'B07 is made for text without one',
      args: ['one@d.ex'],
      stdin: 'just text\nmore\n',
      header: /^From: [^\r]+\r\nDate: [^\r]+\r\nMessage-ID: [^\r]+\r\n$/,
      body: 'just text\r\nmore\r\n',
    },
    {
      name: 'B09 is all there is when the input is empty',
      args: ['one@d.ex'],
      stdin: '',
      header: /^From: [^\r]+\r\nDate: [^\r]+\r\nMessage-ID: [^\r]+\r\n$/,
      body: '',
    },
    { name: 'B10 last line gets its CRLF', args: ['one@d.ex'], stdin: withBody('end'), body: 'end\r\n' },
    {
      name: 'B11 loses the line of an mbox, which names no sender',
      args: ['-i', 'one@d.ex'],
      stdin: `From x@y Mon Jan  1 00:00:00 2026\n${M0}`,
      header: /^From: a@s\.ex\r\n/,
    },
    {
      name: 'B13 keeps Date and Message-ID, and loses Return-Path',
      args: ['one@d.ex'],
      stdin: `Return-Path: <x@y.ex>\n${M0}`,
      lines: ['Date: Sat, 21 Nov 2026 20:12:00 +0000', 'Message-ID: <m0@s.ex>'],
      notInHeader: /^Return-Path/im,
    },
    {
      name: "B14 has the caller's full name",
      args: ['one@d.ex'],
      stdin: M1,
      header:
        gecos === undefined || gecos === ''
          ? new RegExp(`^From: ${CALLER}\\r$`, 'm')
          : new RegExp(`^From: "?[^"<]+"? <${CALLER}>\\r$`, 'm'),
    },
    {
      name: 'B15 has the name in NAME',
      args: ['one@d.ex'],
      stdin: M1,
      env: { NAME: 'Env N' },
      lines: [`From: Env N <${CALLER}>`],
    },
    {
      name: 'B15 has quotes where the name needs them',
      args: ['one@d.ex'],
      stdin: M1,
      env: { NAME: 'Alice A.' },
      lines: [`From: "Alice A." <${CALLER}>`],
    },
    {
      name: 'B17 has encoded words for a name that is not ASCII',
      args: ['-F', 'Ünï', 'one@d.ex'],
      stdin: M1,
      lines: [`From: =?UTF-8?B?w5xuw68=?= <${CALLER}>`],
    },
  ])
})

describe('the body', () => {
  testCases([
    {
      name: 'B19 arrives although it has a line of 1199 characters',
      args: ['-i', 'one@d.ex'],
      stdin: withBody(`${LONG}\n`),
      header: /^Content-Transfer-Encoding: (?:quoted-printable|base64)\r$/m,
    },
    {
      name: 'B20 with 8-bit bytes stays as it is where the server takes them',
      args: ['-i', 'one@d.ex'],
      stdin: Buffer.from(withBody('j\xf6\n'), 'latin1'),
      script: EIGHT,
      mailParameters: /BODY=8BITMIME/,
      body: 'j\xf6\r\n',
    },
    {
      name: 'B21 arrives although the subject is raw UTF-8 and the server knows no SMTPUTF8',
      args: ['-i', 'one@d.ex'],
      stdin: M0.replace('Subject: s', 'Subject: Grüße'),
      script: EIGHT,
      header: /^Subject: Gr/m,
      body: 'body\r\n',
    },
  ])
})
