/**
 * mq-send-test --via=queue and --json: the message that goes through the queue, and what programs read.
 */
import { writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { DOWN, openSite, queuedText } from '../helpers/mail-site.ts'

const ARGS = ['--from=a@s.ex', '--to=one@d.ex', '--via=queue'] as const
const WAITING = '1700000000.M1P1Q1R0123456789ab.h'

describe('mq-send-test --via=queue', () => {
  it('sends a second message through the queue, and touches no other', async () => {
    const site = await openSite()
    site.place(WAITING, queuedText('waits@d.ex', 'Sat, 21 Nov 2026 20:12:00 +0000'))
    const before = site.queue()
    const result = await site.run('mq-send-test', ARGS)
    expect(result).toMatchObject({ code: 0, stderr: '' })
    expect(result.stdout.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^OK: one@d\.ex accepted by smtp:\S+: 250 /),
      expect.stringMatching(/^OK: one@d\.ex accepted by smtp:\S+, through the queue as [0-9A-F]+: 250 /),
    ])
    expect(site.received.map(({ rcptTo }) => rcptTo)).toEqual([['one@d.ex'], ['one@d.ex']])
    expect(site.received[1]?.data.toString()).toMatch(
      /\r\nSubject: Test message from .*, through the\s+queue\r\n/,
    )
    expect(site.queue()).toEqual(before)
  })

  it('queues nothing when the server does not take the first message', async () => {
    const site = await openSite(DOWN)
    const result = await site.run('mq-send-test', ARGS)
    expect(result).toMatchObject({ code: 75, stdout: '' })
    expect(site.queue()).toEqual([])
  })

  it('says where the message is when only the second is deferred', async () => {
    const site = await openSite(
      {},
      { dot: ({ transaction }) => (transaction > 1 ? '451 4.3.0 later' : undefined) },
    )
    const result = await site.run('mq-send-test', ARGS)
    expect(result.code).toBe(75)
    expect(result.stdout).toMatch(/^OK: one@d\.ex accepted [^\n]+\n$/)
    expect(result.stderr).toMatch(/451 4\.3\.0 later/)
    expect(result.stderr).toMatch(/was queued: it stays in the queue and is tried again/)
    expect(site.queue()).toEqual(['new one@d.ex=deferred'])
  })

  it('makes no delivery report about a message that is refused', async () => {
    const site = await openSite(
      { bounce: 'dsn' },
      {
        dot: ({ transaction }) => (transaction > 1 ? '554 5.6.0 no' : undefined),
      },
    )
    const result = await site.run('mq-send-test', ARGS)
    expect(result.code).toBe(69)
    expect(result.stderr).toMatch(/it is kept in failed\//)
    expect(site.queue()).toEqual(['failed one@d.ex=failed'])
  })

  it('needs a queue', async () => {
    const site = await openSite({ queue_dir: undefined })
    const result = await site.run('mq-send-test', ARGS)
    expect(result.code).toBe(78)
    expect(result.stderr).toMatch(/no queue: set queue_dir/)
    expect(site.queue()).toEqual([])
  })
})

describe('mq-send-test --json', () => {
  it('tells what came of each message', async () => {
    const site = await openSite()
    const result = await site.run('mq-send-test', [
      '--json',
      '--from=a@s.ex',
      '--to=one@d.ex,reject@d.ex',
      '--via=queue',
    ])
    expect(result.code).toBe(69)
    const server = `smtp://127.0.0.1:${site.server.port}`
    const about = { account: 'default', server }
    expect(JSON.parse(result.stdout)).toEqual({
      ok: false,
      exit: 69,
      results: [
        {
          ...about,
          via: 'smtp',
          recipient: 'one@d.ex',
          status: 'delivered',
          reply: '250 2.0.0 Ok: queued as TEST1',
        },
        {
          ...about,
          via: 'smtp',
          recipient: 'reject@d.ex',
          status: 'failed',
          reason: '550 5.1.1 no such user',
        },
        expect.objectContaining({ via: 'queue', recipient: 'one@d.ex', status: 'delivered' }),
        expect.objectContaining({ via: 'queue', recipient: 'reject@d.ex', status: 'failed' }),
      ],
    })
    expect(site.queue()).toEqual(['failed one@d.ex=delivered reject@d.ex=failed'])
  })

  it('names the accounts with --all-accounts', async () => {
    const site = await openSite()
    writeFileSync(site.config, `[account other]\nsmtp_port = ${site.server.port}\n`, { flag: 'a' })
    const result = await site.run('mq-send-test', ['--all-accounts', '--from=a@s.ex', '--to=one@d.ex'])
    expect(result).toMatchObject({ code: 0, stderr: '' })
    expect(result.stdout).toMatch(/^account default: OK: .*\naccount other: OK: .*\n$/)
    expect(site.received).toHaveLength(2)
    expect(site.queue()).toEqual([])
  })
})
