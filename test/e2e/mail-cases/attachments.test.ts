/** Files that go with the text, and files that are the text. */
import { describe } from 'vitest'
import { testCases, type MailCase } from './case.ts'

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1')

const PNG = latin1(
  `\x89PNG\r\n\x1a\n${String.fromCharCode(...Array.from({ length: 256 }, (_, n) => n)).repeat(9)}`,
)
const PDF = latin1('%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj\r\n\0\r')
const CSV = latin1('name;n\r\na;1\r\n')

const FILES = {
  'b.png': PNG,
  'u.txt': 'Grüße\n',
  'r.pdf': PDF,
  'p.html': '<p>hi</p>\n',
  'a.txt': 'of the file\n',
  'Übersicht für Köln.csv': CSV,
  notes: latin1('caf\xe9\r\n'),
}

const file = (name: keyof typeof FILES, type: string) => ({ name, type, content: Buffer.from(FILES[name]) })

const mixed = (name: string, args: readonly string[], attachments: MailCase['attachments']): MailCase => ({
  name,
  args,
  files: FILES,
  type: 'multipart/mixed',
  text: 'hello\n',
  ...(attachments === undefined ? {} : { attachments }),
})

const refused = (name: string, path: string): MailCase => ({
  name,
  args: ['-s', 'S', '-a', path, 'a@x.org'],
  code: 66,
  recipients: [],
  stderr: new RegExp(`^mq-mail: [^\\n]*${path}[^\\n]*\\n$`),
})

describe('an attachment', () => {
  testCases([
    mixed(
      'A47 is a file that -a names, and there may be several',
      ['-s', 'S', '-a', 'DIR/b.png', '-a', 'DIR/u.txt', 'a@x.org'],
      [file('b.png', 'image/png'), file('u.txt', 'text/plain')],
    ),
    {
      name: 'may be standard input by the name of a file, which is the text no more then',
      args: ['-s', 'S', '-A', '/dev/stdin', 'a@x.org'],
      type: 'multipart/mixed',
      attachments: [{ name: 'stdin', type: 'text/plain', content: Buffer.from('hello\n') }],
    },
    mixed(
      'A48 is a file that -A names',
      ['-s', 'S', '-A', 'DIR/r.pdf', 'a@x.org'],
      [file('r.pdf', 'application/pdf')],
    ),
    mixed(
      'A48 has the name of its file, umlauts included, and its line ends',
      ['-s', 'S', '-A', 'DIR/Übersicht für Köln.csv', 'a@x.org'],
      [file('Übersicht für Köln.csv', 'text/csv')],
    ),
    refused('A49 that is not there stops it all', '/nonexist'),
    refused('A50 that is a directory stops it all', '/tmp'),
    mixed(
      'A54 has the type that --content-type names, and the text stays text',
      ['--content-type=text/html', '--attach=DIR/p.html', '-s', 'S', 'a@x.org'],
      [file('p.html', 'text/html')],
    ),
    {
      ...mixed(
        'A52 that is no UTF-8 keeps its bytes',
        ['-s', 'S', '-a', 'DIR/notes', 'a@x.org'],
        [{ ...file('notes', 'application/octet-stream') }],
      ),
    },
    {
      ...mixed(
        'A48 needs no text',
        ['-E', '-s', 'S', '-a', 'DIR/b.png', 'a@x.org'],
        [file('b.png', 'image/png')],
      ),
      stdin: '',
      text: /^\n?$/,
    },
  ])
})

describe('the text', () => {
  testCases([
    {
      name: 'A55 is of the type that -M names',
      args: ['-M', 'text/html', '-s', 'S', 'a@x.org'],
      stdin: '<b>x</b>',
      type: 'text/html',
      html: '<b>x</b>\n',
    },
    {
      name: 'is of the type that the name of its file says',
      args: ['-m', 'DIR/f.html', '-s', 'S', 'a@x.org'],
      files: { 'f.html': '<b>\u00e9</b>\n' },
      type: 'text/html',
      charset: /^utf-8$/i,
      html: '<b>\u00e9</b>\n',
    },
    {
      name: 'is of the type that -M names, whatever the name of its file',
      args: ['-m', 'DIR/f.html', '-M', 'text/plain', '-s', 'S', 'a@x.org'],
      files: { 'f.html': '<b>x</b>\n' },
      text: '<b>x</b>\n',
    },
    {
      name: 'is of the type that a header says, whatever the name of its file',
      args: ['-m', 'DIR/f.txt', '-a', 'Content-Type: text/html', '-s', 'S', 'a@x.org'],
      files: { 'f.txt': '<b>x</b>\n' },
      type: 'text/html',
      html: '<b>x</b>\n',
    },
    ...['f.eml', 'f.unknown', 'html'].map((name) => ({
      name: `is text when its file is called ${name}`,
      args: ['-m', `DIR/${name}`, '-s', 'S', 'a@x.org'],
      files: { [name]: 'x\n' },
      text: 'x\n',
    })),
    {
      name: 'is text when a file with another is put in front of it',
      args: ['-q', 'DIR/q.txt', '-m', 'DIR/f.html', '-s', 'S', 'a@x.org'],
      files: { 'q.txt': 'q\n', 'f.html': '<b>x</b>\n' },
      text: 'q\n<b>x</b>\n',
    },
    {
      name: 'A56 stays plain when -M is a flag',
      args: ['-M', '-s', 'S', 'a@x.org'],
      subject: 'S',
      text: 'hello\n',
    },
    {
      name: 'A57 follows the file that -q names',
      args: ['-q', 'DIR/a.txt', '-s', 'S', 'a@x.org'],
      files: FILES,
      stdin: 'stdin\n',
      text: 'of the file\nstdin\n',
    },
  ])
})
