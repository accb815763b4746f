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

describe('a server that refuses the recipient', () => {
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
