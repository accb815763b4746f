/** A server that is down or refuses: the mail is queued, kept, or left to its sender with a code that says so. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DOWN } from '../../helpers/mail-site.ts'
import { runCase, testCases } from './case.ts'

const ONE_LINE = /^mq-mail: [^\n]+\n$/
const NO_QUEUE = { ...DOWN, queue_dir: undefined }
const args = ['-s', 'S', 'a@x.org']

/** The whole message, in the form of an mbox. */
const LETTER = /^From \S+ [^\n]+\n[^]*^To: a@x\.org\n[^]*^Subject: S\n[^]*\n\nhello\n\n$/m

describe('a server that is down', () => {
  it('A06 leaves the mail in the queue, without a word', async () => {
    const site = await runCase({
      name: '',
      args: ['-Ssendwait', ...args],
      settings: DOWN,
      recipients: [],
      queue: [expect.stringMatching(/^new a@x\.org(?:=deferred)?$/)],
    })
    expect(site.queued()[0]?.sender).toBe('alerts@h.example')
    expect(site.queued()[0]?.message).toMatch(/^Subject: S\r\n[^]*\r\n\r\nhello\r\n$/m)
  })

  testCases([
    {
      name: 'A07 leaves the mail in dead.letter when there is no queue',
      args,
      settings: NO_QUEUE,
      code: 75,
      recipients: [],
      stderr: /^mq-mail: [^\n]*dead\.letter[^\n]*\n$/,
      home: { 'dead.letter': LETTER },
    },
    {
      name: 'A07 leaves the mail in the file that DEAD names',
      args,
      settings: NO_QUEUE,
      env: { DEAD: 'DIR/home/letters' },
      code: 75,
      recipients: [],
      stderr: /^mq-mail: [^\n]*letters[^\n]*\n$/,
      home: { letters: LETTER },
    },
    {
      name: 'A07 names those of -b, whom nothing else names, in dead.letter',
      args: ['-b', 'hid@x.org', '-b', 'Hid Two <two@x.org>', ...args],
      settings: NO_QUEUE,
      code: 75,
      recipients: [],
      stderr: ONE_LINE,
      home: { 'dead.letter': /^Bcc: hid@x\.org,\n two@x\.org\n[^]*^Subject: S\n[^]*\n\nhello\n\n$/m },
    },
    {
      name: 'A07 names those of the Bcc of a template in dead.letter',
      args: ['-t'],
      stdin: 'To: a@x.org\nBcc: hid@x.org\nSubject: S\n\nhello\n',
      settings: NO_QUEUE,
      code: 75,
      recipients: [],
      stderr: ONE_LINE,
      home: { 'dead.letter': /^Bcc: hid@x\.org\n[^]*^Subject: S\n[^]*\n\nhello\n\n$/m },
    },
    {
      name: 'A08 tells both failures when that file cannot be written',
      args,
      settings: NO_QUEUE,
      env: { DEAD: '/nonexist/x' },
      code: 75,
      recipients: [],
      stderr: /^(?=[^]*\/nonexist\/x)(?=[^]*127\.0\.0\.1)(?:mq-mail: [^\n]+\n){1,2}$/,
    },
  ])

  it('A07 adds to dead.letter what is there already', async () => {
    const site = await runCase({
      name: '',
      args,
      settings: NO_QUEUE,
      files: { 'home/dead.letter': 'From me Thu Jan  1 00:00:00 1970\n\nolder\n\n' },
      code: 75,
      recipients: [],
      stderr: ONE_LINE,
      home: { 'dead.letter': LETTER },
    })
    expect(readFileSync(join(site.directory, 'home/dead.letter'), 'utf8')).toMatch(
      /^From me [^\n]+\n\nolder\n\nFrom /,
    )
  })
})

describe('a mail that cannot be made of what was read', () => {
  const DRAFT = /^From \S+ [^\n]+\nTo: a@x\.org\nSubject: S\n[^]*\n\nhello\n\n$/
  const KEPT = /^mq-mail: [^\n]+; it is kept in [^\n]*dead\.letter\n$/

  testCases([
    {
      name: 'is kept with the fields that were given',
      args: ['-a', 'Content-ID: \u00fc', ...args],
      code: 65,
      recipients: [],
      stderr: KEPT,
      home: { 'dead.letter': DRAFT },
    },
    {
      name: 'is kept as far as it was read when there is no room for the rest',
      args,
      stdin: `${'x'.repeat(99)}\n`.repeat(20_000),
      settings: { queue_dir: undefined },
      env: { TMPDIR: '/nonexist' },
      code: 75,
      recipients: [],
      stderr:
        /^mq-mail: cannot keep the message in \/nonexist: [^\n]+; as far as it was read, it is kept in [^\n]+\n$/,
      home: { 'dead.letter': /\nSubject: S\n[^]*\n\n(?:x{99}\n){10485}/ },
    },
    {
      name: 'is not kept where save is unset, and that is told',
      args: ['-Snosave', '-a', 'Content-ID: \u00fc', ...args],
      code: 65,
      recipients: [],
      stderr: /^mq-mail: [^\n]+; it is not kept, for save is unset\n$/,
    },
    {
      name: 'is kept as it came when it is a template that names nobody',
      args: ['-t'],
      stdin: 'Subject: S\nX-Mine: 1\n\nhello\n',
      code: 64,
      recipients: [],
      stderr: KEPT,
      home: { 'dead.letter': /^From \S+ [^\n]+\nSubject: S\nX-Mine: 1\n\nhello\n\n$/ },
    },
    {
      name: 'is kept as it came when nobody in a template can be reached',
      args: ['-t'],
      stdin: 'To: not an@@address\nSubject: S\n\nhello\n',
      code: 65,
      recipients: [],
      stderr: /^mq-mail: [^\n]+\nmq-mail: [^\n]+; it is kept in [^\n]*dead\.letter\n$/,
      home: { 'dead.letter': /\nTo: not an@@address\nSubject: S\n\nhello\n\n$/ },
    },
    ...['Resent-To', 'resent-cc', 'Resent-Bcc'].map((name) => ({
      name: `is kept as it came when it is a template with ${name}: its To is not whom it is for`,
      args: ['-t'],
      stdin: `${name}: b@x.org\nTo: a@x.org\nSubject: S\n\nhello\n`,
      code: 65,
      recipients: [],
      stderr: new RegExp(
        `^mq-mail: [^\\n]*${name}[^\\n]*mq-sendmail -t[^\\n]*; it is kept in [^\\n]*dead\\.letter\\n$`,
      ),
      home: {
        'dead.letter': new RegExp(`\\n${name}: b@x\\.org\\nTo: a@x\\.org\\nSubject: S\\n\\nhello\\n\\n$`),
      },
    })),
    {
      name: 'is kept as it came, all of it, when it is a template whose header is too large',
      args: ['-t'],
      stdin: `To: a@x.org\nSubject: S\nX-Large: ${'x'.repeat(4 * 1024 * 1024)}\n\nhello\n`,
      code: 65,
      recipients: [],
      stderr: KEPT,
      home: {
        'dead.letter': /^From \S+ [^\n]+\nTo: a@x\.org\nSubject: S\nX-Large: x{4194304}\n\nhello\n\n$/,
      },
    },
    ...(['template', 'text'] as const).map((kind) => ({
      name: `is kept as far as it was read when there is no room for it: ${kind}`,
      args: kind === 'template' ? ['-t'] : args,
      settings: { queue_dir: undefined },
      env: { TMPDIR: 'DIR/nothing' },
      stdin: `To: a@x.org\nSubject: S\n\n${'hello\n'.repeat(200_000)}`,
      code: 75,
      recipients: [],
      stderr: /^mq-mail: [^\n]+nothing[^\n]*; as far as it was read, it is kept in [^\n]*dead\.letter\n$/,
      home: {
        'dead.letter': /^From \S+ [^\n]+\nTo: a@x\.org\nSubject: S\n[^]{0,300}?\n(?:hello\n){170000}/,
      },
    })),
    {
      name: 'is not kept when it was only to be shown',
      args: ['--dry-run', '-a', 'Content-ID: \u00fc', ...args],
      code: 65,
      recipients: [],
      stderr: ONE_LINE,
    },
  ])

  it.each<[string, readonly string[], number, Record<string, string>?]>([
    ['a recipient', ['-s', 'S', 'not an@@address'], 65],
    ['a field of a message that is sent on', ['-a', 'Resent-Bcc: b@x.org', ...args], 65],
    ['a field', ['-a', 'In-Reply-To: \u00fc', ...args], 65],
    ['Reply-To', ['-a', 'Reply-To: foo bar baz', ...args], 65],
    ['Sender', ['-a', 'Sender: foo bar baz', ...args], 65],
    ['the variable replyto', ['-Sreplyto=foo bar baz', ...args], 65],
    ['the variable replyto that is not ASCII', ['-Sreplyto=f\u00f6\u00f6 addr x', ...args], 65],
    ['REPLYTO', args, 65, { REPLYTO: 'foo bar baz' }],
    ['replyto in a mailrc file', args, 65, { MAILRC: 'DIR/rc' }],
    ['a type that is too long', [`-Mtext/${'x'.repeat(300)}`, ...args], 64],
    ['a type of files that is too long', [`--content-type=text/${'x'.repeat(300)}`, ...args], 64],
  ])('is not read at all when %s is wrong', async (_, wrong, code, env = {}) => {
    await runCase({
      name: '',
      env,
      files: { rc: 'set replyto="foo bar baz"\n' },
      // What follows on the same standard input finds it untouched.
      through: ['/bin/sh', '-c', '"$@"; code=$?; cat; exit $code', 'sh'],
      args: wrong,
      code,
      recipients: [],
      stdout: 'hello\n',
      stderr: ONE_LINE,
    })
  })
})

describe('a server that refuses the recipient', () => {
  testCases([
    {
      name: 'leaves the mail in dead.letter when there is no queue',
      args,
      script: { rcpt: '550 5.1.1 no such user' },
      settings: { queue_dir: undefined },
      code: 67,
      recipients: [],
      stderr: /^mq-mail: a@x\.org was refused: [^\n]+; it is kept in [^\n]*dead\.letter\n$/,
      home: { 'dead.letter': LETTER },
    },
  ])

  it('A09 leaves the mail in failed/, and the code says so', async () => {
    const refused = { rcpt: '550 5.1.1 no such user' }
    const site = await runCase({
      name: '',
      args,
      script: refused,
      code: 67,
      recipients: [],
      stderr: /^mq-mail: a@x\.org was refused: [^\n]+\n$/,
      queue: ['failed a@x.org=failed'],
    })
    expect(site.queued()[0]?.message).toContain('\r\n\r\nhello\r\n')
    expect(readdirSync(join(site.directory, 'home'))).toEqual([])
  })
})

describe('a copy that cannot be kept', () => {
  testCases([
    {
      name: 'is one line and no more, once the mail was taken: also where the current directory is gone',
      args: ['-Srecord=copies', ...args],
      through: ['sh', '-c', 'mkdir DIR/gone && cd DIR/gone && rmdir DIR/gone && exec "$@"', 'sh'],
      stderr: /^mq-mail: a copy cannot be kept: [^\n]+\n$/,
    },
  ])
})
