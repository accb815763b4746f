/**
 * mq-queue list: which messages, as text and as JSON.
 */
import { describe, expect, it } from 'vitest'
import { snapshot } from '../helpers/queue-dir.ts'
import { M0, M0_WIRE, openSite, queuedText } from '../helpers/mail-site.ts'
import { addForeignFile, filledSite, idOf, moveTo, objectsOf } from './mq-queue-site.ts'

describe('mq-queue list', () => {
  it('shows why a message is held, and everything with --all', async () => {
    const site = await filledSite()
    const { code, stdout } = await site.run('mq-queue', ['list', '--all'])
    expect(code).toBe(0)
    expect(stdout).toMatch(
      new RegExp(
        `^${idOf(site, 'held@d.ex')}! +\\d+ .* {2}MAILER-DAEMON\\n +\\(held: put into hold/ by hand\\)\\n {41}held@d\\.ex$`,
        'm',
      ),
    )
    for (const sender of ['a@s.ex', 'b@t.ex', 'c@s.ex']) expect(stdout).toContain(`  ${sender}\n`)
    expect(stdout).toMatch(/-- 1 Kbytes in 4 Requests\.\n$/)
  })

  it('marks a message that is being delivered', async () => {
    const site = await filledSite()
    moveTo(site, 'cur', 'one@d.ex')
    const id = idOf(site, 'one@d.ex')
    expect((await site.run('mq-queue', ['list'])).stdout).toMatch(new RegExp(`^${id}\\* `, 'm'))
    const [record] = objectsOf((await site.run('mq-queue', ['list', '--json', '--status', 'active'])).stdout)
    expect(record).toMatchObject({ queue_id: id, queue_name: 'active', status: 'active', next_attempt: null })
  })

  it('ends after as many as --limit says, and says that it did', async () => {
    const site = await filledSite()
    const { code, stdout } = await site.run('mq-queue', ['list', '--all', '--limit', '2'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/-- 1 Kbytes in 2 Requests, ended by --limit\.\n$/)
    expect(objectsOf((await site.run('mq-queue', ['list', '--json', '--limit', '1'])).stdout)).toHaveLength(1)
  })

  it('prints a JSON object a line', async () => {
    const site = await filledSite()
    const { code, stdout, stderr } = await site.run('mq-queue', ['list', '--json'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const found = new Map(objectsOf(stdout).map((record) => [record['sender'], record]))
    expect([...found.keys()].sort()).toEqual(['MAILER-DAEMON', 'a@s.ex', 'b@t.ex'])
    const deferred = found.get('a@s.ex')
    expect(deferred).toMatchObject({
      queue_name: 'deferred',
      queue_id: idOf(site, 'defer@d.ex'),
      message_size: M0_WIRE.length,
      forced_expire: false,
      status: 'waiting',
      attempts: 1,
      account: 'default',
      recipients: [
        {
          address: 'defer@d.ex',
          delay_reason: '451 4.2.0 try again later',
          status: 'deferred',
          last_reply: '451 4.2.0 try again later',
          code: 451,
          enhanced: '4.2.0',
        },
      ],
    })
    expect(deferred?.['next_attempt']).toBeGreaterThan(Number(deferred?.['last_attempt']))
    expect(found.get('b@t.ex')).toMatchObject({ queue_name: 'incoming', attempts: 0 })
    expect(found.get('MAILER-DAEMON')).toMatchObject({
      queue_name: 'hold',
      status: 'held',
      held: 'put into hold/ by hand',
      next_attempt: null,
    })
  })

  it('prints nothing as JSON when there is nothing', async () => {
    const site = await openSite()
    expect(await site.run('mq-queue', ['list', '--json'])).toMatchObject({ code: 0, stdout: '', stderr: '' })
    await site.run('mq-run', [])
    expect(await site.run('mq-queue', ['list', '--json'])).toMatchObject({ code: 0, stdout: '', stderr: '' })
  })

  it.each([
    [['--from', 'A@S.*'], ['a@s.ex']],
    [['--from', '<>'], ['MAILER-DAEMON']],
    [['--to', 'two@e.ex'], ['b@t.ex']],
    [['--domain', 'e.ex'], ['b@t.ex']],
    [['--domain', 'd.ex', '--from', 'b*'], ['b@t.ex']],
    [['--status', 'failed'], ['c@s.ex']],
    [
      ['--status', 'held,deferred'],
      ['MAILER-DAEMON', 'a@s.ex'],
    ],
    [['--account', 'default', '--failed'], ['c@s.ex']],
    [['--account', 'other'], []],
    [['--older', '1d'], []],
    [['--batch', '*'], []],
  ])('shows with %j only %j', async (filters, senders) => {
    const site = await filledSite()
    const { code, stdout } = await site.run('mq-queue', ['list', '--json', ...filters])
    expect(code).toBe(0)
    expect(
      objectsOf(stdout)
        .map(({ sender }) => sender)
        .sort(),
    ).toEqual(senders)
  })

  it('says that a message waits for its delivery report only', async () => {
    const site = await openSite({ bounce: 'dsn', bounce_limit: '1' })
    for (const recipient of ['reject1@d.ex', 'reject2@d.ex'])
      await site.run('mq-sendmail', ['-f', 'a@s.ex', recipient], { stdin: M0 })
    const { stdout } = await site.run('mq-queue', ['list'])
    expect(stdout.match(/^ *\(finished but for its delivery report\)$/gm)).toHaveLength(1)
    expect(site.queue()).toEqual(['new a@s.ex', 'new reject2@d.ex=failed', 'failed reject1@d.ex=failed'])
  })

  it('passes over what is no message, and shows what stands in one without obeying it', async () => {
    const site = await filledSite()
    addForeignFile(site)
    site.place('1795304501.odd', queuedText('"a\u009b2J\u202e"@d.ex', 'Sat, 21 Nov 2026 20:12:00 +0000'))
    const before = snapshot(site.queueDir)
    const text = await site.run('mq-queue', ['list', '--to', '*2J*'])
    expect(text).toMatchObject({ code: 0, stderr: '' })
    expect(text.stdout).toContain('"a?2J?"@d.ex\n')
    const json = await site.run('mq-queue', ['list', '--json', '--to', '*2J*'])
    expect(json.stdout).toContain('\\u009b2J\\u202e')
    expect(objectsOf(json.stdout)).toMatchObject([{ recipients: [{ address: '"a\u009b2J\u202e"@d.ex' }] }])
    expect((await site.run('mq-queue', ['list'])).stdout).toMatch(/ in 4 Requests\.\n$/)
    expect(snapshot(site.queueDir)).toEqual(before)
  })

  it.each([
    [['--limit', '0']],
    [['--limit', 'x']],
    [['--failed', '--all']],
    [['--status', 'strange']],
    [['--older', 'long']],
  ])('refuses %j with 64', async (args) => {
    const site = await openSite()
    await site.run('mq-sendmail', ['-odq', 'one@d.ex'], { stdin: M0 })
    const result = await site.run('mq-queue', ['list', ...args])
    expect(result).toMatchObject({ code: 64, stdout: '' })
    expect(result.stderr).toMatch(/^mq-queue: [^\n]+\n$/)
  })
})
