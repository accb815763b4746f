/** Standard input is read once, for one purpose, whatever it is called and wherever it is named. */
import { describe } from 'vitest'
import { testCases, type MailCase } from './case.ts'

const ONE_LINE = /^mq-mail: [^\n]+\n$/
const NAMES = ['-', '/dev/stdin', '/dev/fd/0', '/proc/self/fd/0', '/dev//stdin']

describe('standard input', () => {
  testCases(
    NAMES.flatMap((name): MailCase[] => [
      { name: `is the body with -m ${name}`, args: ['-m', name, 'a@x.org'], text: 'hello\n' },
      {
        name: `is text in HTML with --alternative=${name}`,
        args: [`--alternative=${name}`, 'a@x.org'],
        stdin: '<p>hi\n',
        type: 'text/html',
        html: '<p>hi\n',
      },
      { name: `is quoted with -q ${name}`, args: ['-q', name, 'a@x.org'], text: 'hello\n' },
      {
        name: `is an attachment with -A ${name}`,
        args: ['--content-name=in.txt', '-A', name, 'a@x.org'],
        type: 'multipart/mixed',
        attachments: [{ name: 'in.txt', type: 'text/plain', content: Buffer.from('hello\n') }],
      },
    ]),
  )

  testCases([
    {
      name: 'is text in HTML beside a body from a file',
      args: ['-m', 'DIR/a.txt', '--alternative=-', 'a@x.org'],
      files: { 'a.txt': 'plain\n' },
      stdin: '<p>hi\n',
      type: 'multipart/alternative',
      text: /^plain\n/,
      html: '<p>hi\n',
    },
    {
      name: 'is kept when it is the alternative of a mail that cannot be made',
      args: ['-a', 'Content-ID: \u00fc', '-s', 'S', '--alternative=-', 'a@x.org'],
      code: 65,
      recipients: [],
      stderr: /^mq-mail: [^\n]+; it is kept in [^\n]*dead\.letter\n$/,
      home: { 'dead.letter': /\nSubject: S\n[^]*\n\nhello\n\n$/ },
    },
    {
      name: 'is kept when it is named as the file of a mail that cannot be made',
      args: ['-a', 'Content-ID: \u00fc', '-s', 'S', '-m', '/dev/stdin', 'a@x.org'],
      code: 65,
      recipients: [],
      stderr: /^mq-mail: [^\n]+; it is kept in [^\n]*dead\.letter\n$/,
      home: { 'dead.letter': /\nSubject: S\n[^]*\n\nhello\n\n$/ },
    },
  ])
})

describe('standard input that is asked for twice', () => {
  testCases(
    [
      ['-q', '-', '-m', '/dev/stdin'],
      ['-q', '-', '-A', '-'],
      ['-q', '-', '-q', '/dev/stdin'],
      ['-m', '/dev/stdin', '--content-name=x', '-A', '-'],
      ['-m', '-', '--alternative=/dev/fd/0'],
      ['--alternative=-', '-A', '/dev/stdin'],
      ['-t', '-m', '/dev/stdin'],
      ['-t', '--alternative=-'],
      ['-t', '-q', '-'],
      ['-t', '-A', '/dev/stdin'],
    ].map((args) => ({
      name: `${args.join(' ')} is refused`,
      args: [...args, 'a@x.org'],
      code: 64,
      recipients: [],
      stderr: ONE_LINE,
    })),
  )
})
