/**
 * mq-sendmail when it does not send: the queue, the aliases, the configuration, and the names it goes by.
 */
import { symlinkSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { SENDMAIL_OPTIONS } from '../../src/cli/sendmail/options.ts'
import { BIN } from '../helpers/run-command.ts'
import { DOWN, M0, M0_WIRE, openSite, type MailSite } from '../helpers/mail-site.ts'

const QUIET = { code: 0, signal: null, stdout: '', stderr: '' }
const EMPTY = { ...QUIET, stdout: 'Mail queue is empty\n' }

/** mq-sendmail under another name, as runCommand wants it. */
function named(site: MailSite, name: string): string {
  const link = join(site.directory, name)
  symlinkSync(join(BIN, 'mq-sendmail'), link)
  return relative(BIN, link)
}

const HEADING = '-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------'
const ARRIVAL = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d'

describe('the listing', () => {
  it.each([['-bp'], ['-bp', '-v']])(
    'says that nothing waits, also where no queue was made yet: %s',
    async (...args) => {
      const site = await openSite()
      expect(await site.run('mq-sendmail', args)).toMatchObject({ code: 0, stdout: EMPTY.stdout })
      expect(await site.run(named(site, 'mailq'), [])).toEqual(EMPTY)
      expect(site.queue()).toEqual([])
    },
  )

  it('has the shape of mailq', async () => {
    const site = await openSite({}, { rcpt: '450 4.2.0 come back later' })
    await site.run('mq-sendmail', ['-f', 'a@s.ex', 'one@d.ex', 'two@d.ex'], { stdin: M0 })
    await site.run('mq-sendmail', ['-odq', '-f', '', 'three@d.ex'], { stdin: M0 })
    const idTo = (recipient: string): string | undefined =>
      site.queued().find(({ recipients }) => recipients.includes(recipient))?.id
    const listing = await site.run('mq-sendmail', ['-bp'])
    expect(listing).toMatchObject({ code: 0, stderr: '' })
    const lines = listing.stdout.split('\n')
    expect(lines[0]).toBe(HEADING)
    expect(lines.at(-2)).toBe('-- 1 Kbytes in 2 Requests.')
    const size = String(M0_WIRE.length)
    const first = `^${idTo('one@d.ex') ?? '?'} +${size} ${ARRIVAL}  a@s\\.ex\\n {14}\\(450 4\\.2\\.0 come back later\\)\\n {41}one@d\\.ex\\n {41}two@d\\.ex\\n$`
    const second = `^${idTo('three@d.ex') ?? '?'} +${size} ${ARRIVAL}  MAILER-DAEMON\\n {41}three@d\\.ex\\n$`
    expect(listing.stdout).toMatch(new RegExp(first, 'm'))
    expect(listing.stdout).toMatch(new RegExp(second, 'm'))
    expect(await site.run(named(site, 'mailq'), [])).toEqual(listing)
  })

  it('is one JSON object a line with --json', async () => {
    const site = await openSite()
    await site.run('mq-sendmail', ['-odq', '-f', 'a@s.ex', 'one@d.ex'], { stdin: M0 })
    const listing = await site.run(named(site, 'mailq'), ['--json'])
    expect(listing).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(listing.stdout)).toMatchObject({
      queue_id: site.queued()[0]?.id,
      sender: 'a@s.ex',
      recipients: [{ address: 'one@d.ex' }],
    })
    expect(await site.run('mq-queue', ['list', '--json'])).toEqual(listing)
  })

  it('needs a queue in the configuration', async () => {
    const site = await openSite({ queue_dir: undefined })
    const result = await site.run('mq-sendmail', ['-bp'])
    expect(result).toMatchObject({ code: 78, stdout: '' })
    expect(result.stderr).toMatch(/^mq-sendmail: [^\n]*queue_dir[^\n]*\n$/)
  })

  it('takes no operands under the name mailq', async () => {
    const site = await openSite()
    expect(await site.run(named(site, 'mailq'), ['one@d.ex'], { stdin: M0 })).toMatchObject({
      code: 64,
      stdout: '',
    })
    expect(site.received).toEqual([])
  })
})

describe('-q', () => {
  it('delivers what waits, whenever it is due', async () => {
    const site = await openSite(DOWN)
    await site.run('mq-sendmail', ['one@d.ex'], { stdin: M0 })
    await site.run('mq-sendmail', ['two@d.ex'], { stdin: M0 })
    site.configure({})
    expect(await site.run('mq-sendmail', ['-q'])).toEqual(QUIET)
    expect(site.queue()).toEqual([])
    expect(site.received.map(({ rcptTo, data }) => [rcptTo, data.toString()]).sort()).toEqual([
      [['one@d.ex'], M0_WIRE],
      [['two@d.ex'], M0_WIRE],
    ])
    expect(await site.run('mq-sendmail', ['-q'])).toEqual(QUIET)
    expect(site.received).toHaveLength(2)
  })

  it('ends with 75 when the server is down, and the mail stays', async () => {
    const site = await openSite(DOWN)
    await site.run('mq-sendmail', ['one@d.ex'], { stdin: M0 })
    expect(await site.run('mq-sendmail', ['-q'])).toEqual({ ...QUIET, code: 75 })
    const verbose = await site.run('mq-sendmail', ['-q', '-v'])
    expect(verbose).toMatchObject({ code: 75, stdout: '' })
    expect(verbose.stderr).toMatch(/^mq-sendmail: stopped early: [^\n]*refused[^\n]*\n/im)
    expect(site.queued().map(({ folder, message }) => [folder, message])).toEqual([['new', M0_WIRE]])
  })
})

describe('-qI, -qR and -qS', () => {
  /** Three messages that wait while the server was down; it is up now. */
  async function waiting(): Promise<MailSite> {
    const site = await openSite(DOWN)
    for (const [sender, recipient] of [
      ['a@s.ex', 'one@d.ex'],
      ['b@s.ex', 'two@d.ex'],
      ['a@s.ex', 'two@other.ex'],
    ] as const)
      await site.run('mq-sendmail', ['-odq', '-f', sender, recipient], { stdin: M0 })
    site.configure({})
    return site
  }

  it.each([
    [['-qRD.EX'], ['one@d.ex', 'two@d.ex']],
    [['-qSa@'], ['one@d.ex', 'two@other.ex']],
    [['-qSa@', '-qRone'], ['one@d.ex']],
    [['-qRnobody'], []],
  ])('%j deliver %j and leave the others', async (args, delivered) => {
    const site = await waiting()
    expect(await site.run('mq-sendmail', args)).toEqual(QUIET)
    expect(site.received.flatMap(({ rcptTo }) => rcptTo).sort()).toEqual(delivered)
    const left = ['one@d.ex', 'two@d.ex', 'two@other.ex'].filter((each) => !delivered.includes(each))
    expect(site.queue().sort()).toEqual(left.map((each) => `new ${each}`))
  })

  it('-qI chooses by queue id, in any case', async () => {
    const site = await waiting()
    const id = site.queued().find(({ recipients }) => recipients.includes('two@d.ex'))?.id ?? '?'
    expect(await site.run('mq-sendmail', [`-qI${id.toLowerCase()}`])).toEqual(QUIET)
    expect(site.received.map(({ rcptTo }) => rcptTo)).toEqual([['two@d.ex']])
    expect(site.queue().sort()).toEqual(['new one@d.ex', 'new two@other.ex'])
  })

  it.each([['-qR'], ['-q30m'], ['-qf'], ['-q!Rone'], ['-qGgroup']])(
    '%s is refused with 64',
    async (option) => {
      const site = await waiting()
      expect(await site.run('mq-sendmail', [option])).toMatchObject({ code: 64, stdout: '' })
      expect(site.received).toEqual([])
      expect(site.queue()).toHaveLength(3)
    },
  )

  it('runq runs the whole queue', async () => {
    const site = await waiting()
    expect(await site.run(named(site, 'runq'), [])).toEqual(QUIET)
    expect(site.received).toHaveLength(3)
    expect(site.queue()).toEqual([])
  })
})

describe('-bq', () => {
  it('only queues', async () => {
    const site = await openSite()
    expect(await site.run('mq-sendmail', ['-bq', 'one@d.ex'], { stdin: M0 })).toEqual(QUIET)
    expect(site.server.connections).toBe(0)
    expect(site.queue()).toEqual(['new one@d.ex'])
  })
})

describe('-bi and newaliases', () => {
  it('count the aliases of a good file', async () => {
    const site = await openSite()
    const path = site.write('aliases', 'root: boss@d.ex\n# comment\nlst: a@d.ex, b@d.ex\n')
    const wanted = { ...QUIET, stdout: `${path}: 2 aliases\n` }
    expect(await site.run('mq-sendmail', ['-bi'])).toEqual(wanted)
    expect(await site.run('mq-sendmail', ['-I'])).toEqual(wanted)
    expect(await site.run(named(site, 'newaliases'), [])).toEqual(wanted)
  })

  it('name the bad lines of a broken file and end with 78', async () => {
    const site = await openSite()
    const path = site.write('aliases', 'root: boss@d.ex\njunk\n')
    const result = await site.run('mq-sendmail', ['-bi'])
    expect(result.code).toBe(78)
    expect(result.stderr).toContain(`mq-sendmail: ${path}:2: `)
  })

  it('follow every alias: loops, commands, and lists with their lines', async () => {
    const site = await openSite({ default_alias: 'yes' })
    const list = site.write('list', 'one@d.ex\n<<>>\n')
    const path = site.write(
      'aliases',
      `a: b\nb: a\npip: "|/bin/false"\nlst: :include:${list}\nnone: :include:${site.directory}/none\n`,
    )
    const result = await site.run(named(site, 'newaliases'), [])
    expect(result).toMatchObject({ code: 78, stdout: `${path}: 5 aliases\n` })
    const where = [
      `${path}:2: alias b: alias loop: a -> b -> a`,
      `${path}:3: alias pip: the command "/bin/false" is not run; name an address instead`,
      `${list}:2: `,
      `${path}:5: alias none: cannot include "${site.directory}/none": no such file`,
      `${path}: default_alias = yes, but no alias is called default or *`,
    ]
    const lines = result.stderr.trimEnd().split('\n')
    expect(lines).toHaveLength(where.length)
    for (const [index, start] of where.entries()) expect(lines[index]).toContain(`newaliases: ${start}`)
    expect(site.queue()).toEqual([])
  })
})

describe('what is asked about the program', () => {
  it.each([['--version'], ['-bV'], ['-d0.1']])(
    '%s prints the version without a configuration',
    async (option) => {
      const site = await openSite()
      const result = await site.run('mq-sendmail', [option], { config: '/nonexistent' })
      expect(result).toMatchObject({ code: 0, stderr: '' })
      expect(result.stdout).toMatch(/^mailqueue \d+\.\d+\.\d+\n$/)
    },
  )

  it('--help names every option that does something', async () => {
    const site = await openSite()
    const result = await site.run('mq-sendmail', ['--help'], { config: '/nonexistent' })
    expect(result).toMatchObject({ code: 0, stderr: '' })
    for (const { letter, long, effect, doc } of SENDMAIL_OPTIONS) {
      if (effect === 'ignored' || effect === 'refused') continue
      expect(result.stdout).toContain(letter === undefined ? `--${long ?? ''}` : `-${letter}`)
      expect(result.stdout).toContain(doc)
    }
  })

  it('--print-config shows the settings and no password', async () => {
    const site = await openSite({ smtp_username: 'someone', smtp_password: 'p;ss#w=rd', tls: 'verify' })
    const result = await site.run('mq-sendmail', ['--print-config'])
    expect(result).toMatchObject({ code: 0, stderr: '' })
    expect(result.stdout).toContain(`queue_dir = ${site.queueDir}\n`)
    expect(result.stdout).toMatch(/^smtp_username = someone$/m)
    expect(result.stdout).toMatch(/smtp_password/)
    expect(result.stdout).not.toMatch(/p;ss|w=rd/)
  })

  it('-v says what became of the message on standard error, without the password', async () => {
    const credentials = {
      smtp_username: 'someone',
      smtp_password: 'hunter2secret',
      tls: 'off',
      insecure_auth: 'yes',
    }
    const site = await openSite(credentials, { extensions: ['AUTH PLAIN LOGIN'], auth: '235 2.7.0 welcome' })
    const result = await site.run('mq-sendmail', ['-v', 'one@d.ex'], { stdin: M0 })
    expect(result).toMatchObject({ code: 0, stdout: '' })
    expect(result.stderr).toMatch(/^mq-sendmail: sent to one@d\.ex$/m)
    expect(result.stderr).toMatch(/RCPT TO:<one@d\.ex>/)
    const encoded = Buffer.from('\0someone\0hunter2secret').toString('base64')
    expect(site.server.commands).toContain(`AUTH PLAIN ${encoded}`)
    for (const secret of ['hunter2secret', encoded, Buffer.from('hunter2secret').toString('base64')])
      expect(result.stderr).not.toContain(secret)
    expect(site.received).toHaveLength(1)
  })
})

describe('-v while the server is down', () => {
  it('says why the message is queued, and as what', async () => {
    const site = await openSite(DOWN)
    const result = await site.run('mq-sendmail', ['-v', 'one@d.ex'], { stdin: M0 })
    expect(result).toMatchObject({ code: 0, stdout: '' })
    expect(result.stderr).toMatch(/^mq-sendmail: message\.deferred: [^\n]*127\.0\.0\.1[^\n]*$/m)
    expect(result.stderr).toMatch(
      new RegExp(`^mq-sendmail: queued as ${site.queued()[0]?.id ?? '?'} for one@d\\.ex$`, 'm'),
    )
  })
})

describe('another name', () => {
  it('such as sendmail sends, and is the name in complaints', async () => {
    const site = await openSite()
    const sendmail = named(site, 'sendmail')
    expect(await site.run(sendmail, ['-t', '-i'], { stdin: M0 })).toEqual(QUIET)
    expect(site.received.map(({ rcptTo }) => rcptTo)).toEqual([['one@d.ex']])
    const result = await site.run(sendmail, [], { stdin: M0 })
    expect(result.code).toBe(64)
    expect(result.stderr).toMatch(/^sendmail: no recipients[^\n]*\n$/)
  })
})
