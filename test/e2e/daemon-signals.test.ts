/**
 * What signals mean to mq-run --daemon, and what is left after a stop, a kill and a restart.
 */
import { writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { event } from '../helpers/event.ts'
import { queueContents } from '../helpers/queue-dir.ts'
import { STALL } from '../helpers/scripted-server.ts'
import { until } from '../helpers/until.ts'
import { openDaemonSite, type RunningDaemon } from './daemon-site.ts'

const QUIET = { code: 0, signal: null, stdout: '', stderr: '' }

function stop({ child, result }: RunningDaemon, signal: NodeJS.Signals = 'SIGTERM') {
  child.kill(signal)
  return result
}

describe.each(['SIGTERM', 'SIGINT'] as const)('a daemon that gets %s', (signal) => {
  it('waits for the reply to what is handed over, gives back the rest, and ends with 0', async () => {
    const [dot, go, other] = [event(), event(), event()]
    const site = await openDaemonSite(
      { connections: '2' },
      {
        mail: ({ line }) => {
          if (!line.includes('b@s.ex')) return undefined
          other.happens()
          return STALL
        },
        dot: () => {
          dot.happens()
          return { after: go.happened, reply: '250 2.0.0 Ok: queued as LATE' }
        },
      },
    )
    const daemon = await site.daemon()
    await site.enqueue('one@d.ex')
    await dot.happened
    await site.run('mq-sendmail', ['-odq', '-f', 'b@s.ex', 'two@d.ex'], { stdin: 'Subject: s\n\nb\n' })
    await other.happened
    daemon.child.kill(signal)
    await site.holds({ new: ['two@d.ex=pending'], cur: ['one@d.ex=pending'] })
    go.happens()
    expect(await daemon.result).toEqual(QUIET)
    expect(site.received.map(({ rcptTo }) => rcptTo)).toEqual([['one@d.ex']])
    expect(queueContents(site.queueDir)).toEqual({ new: ['two@d.ex=pending'] })
  })
})

describe('a daemon', () => {
  it('ends at once when it is asked twice; the next one finds the message in doubt', async () => {
    const dot = event()
    const site = await openDaemonSite({ in_doubt: 'hold' }, { dot: () => (dot.happens(), STALL) })
    await site.enqueue('one@d.ex')
    const daemon = await site.daemon()
    await dot.happened
    daemon.child.kill('SIGTERM')
    const ended = daemon.result
    const again = setInterval(() => daemon.child.kill('SIGTERM'), 50)
    const { code, stderr } = await ended
    clearInterval(again)
    expect(code).toBe(75)
    expect(stderr).toMatch(/^mq-run: ended at once; [^\n]*\n$/)
    const next = await site.daemon()
    await site.holds({ new: ['one@d.ex=in-doubt'] })
    next.child.kill('SIGUSR1')
    await site.holds({ hold: ['one@d.ex=in-doubt'] })
    expect(await stop(next)).toEqual(QUIET)
    expect(queueContents(site.queueDir)).toEqual({ hold: ['one@d.ex=in-doubt'] })
  })

  it('loses nothing to kill -9, and sends nothing twice that was not under way', async () => {
    const stalled = event()
    let connections = 0
    const site = await openDaemonSite(
      { connections: '1' },
      {
        data: () => {
          if (connections++ !== 1) return undefined
          stalled.happens()
          return STALL
        },
      },
    )
    const daemon = await site.daemon()
    await site.enqueue('one@d.ex')
    await site.holds({})
    await site.enqueue('two@d.ex')
    await stalled.happened
    await site.enqueue('three@d.ex')
    expect(await stop(daemon, 'SIGKILL')).toMatchObject({ signal: 'SIGKILL' })
    const next = await site.daemon()
    await site.holds({})
    expect(await stop(next)).toEqual(QUIET)
    expect(site.received.flatMap(({ rcptTo }) => rcptTo).sort()).toEqual([
      'one@d.ex',
      'three@d.ex',
      'two@d.ex',
    ])
    expect(queueContents(site.queueDir)).toEqual({})
  })

  it('uses a new configuration after SIGHUP, and keeps the old one when the new one is wrong', async () => {
    const site = await openDaemonSite({ smtp_port: '1' })
    await site.enqueue('one@d.ex')
    const daemon = await site.daemon()
    await site.logged('account.failed')
    writeFileSync(site.config, '[mailqueue]\nno_such_option = 1\n')
    daemon.child.kill('SIGHUP')
    await site.logged('config.refused')
    expect(queueContents(site.queueDir)).toMatchObject({ new: ['one@d.ex=pending'] })
    site.configure({ smtp_port: String(site.server.port) })
    daemon.child.kill('SIGHUP')
    await site.logged('daemon.reloaded')
    await site.holds({})
    const { code, stderr } = await stop(daemon)
    expect(code).toBe(0)
    const lines = stderr.split('\n').filter(Boolean)
    expect(lines).toEqual([
      expect.stringMatching(/^mq-run: the account default cannot be used: .*; its mail waits$/),
      expect.stringMatching(
        /^mq-run: the new configuration is not used, the old one stays: .*no_such_option/,
      ),
    ])
    expect(queueContents(site.queueDir)).toEqual({})
  })

  it('tries everything that waits after SIGUSR1', async () => {
    let refuses = true
    const site = await openDaemonSite({}, { rcpt: () => (refuses ? '451 4.2.0 later' : undefined) })
    const daemon = await site.daemon()
    await site.enqueue('one@d.ex')
    await site.holds({ new: ['one@d.ex=deferred'] })
    refuses = false
    daemon.child.kill('SIGUSR1')
    await site.holds({})
    expect(await stop(daemon)).toEqual(QUIET)
    expect(queueContents(site.queueDir)).toEqual({})
  })

  it('tries accounts that failed after SIGUSR1, once, whatever their pause', async () => {
    let isUsedUp = true
    const site = await openDaemonSite(
      {},
      { mail: () => (isUsedUp ? '450 4.7.1 daily sending limit exceeded' : undefined) },
    )
    const daemon = await site.daemon()
    await site.enqueue('one@d.ex')
    await site.logged('account.failed')
    await site.enqueue('two@d.ex')
    daemon.child.kill('SIGUSR1')
    await site.logged('run.finished')
    expect(site.log().filter((line) => line.event === 'account.failed')).toMatchObject([
      { trouble: 'quota', failures: 1 },
      { trouble: 'quota', failures: 2 },
    ])
    await site.holds({ new: ['one@d.ex=pending', 'two@d.ex=pending'] })
    isUsedUp = false
    await until('both are sent', () => {
      // A pass that is not quite over is not begun anew.
      daemon.child.kill('SIGUSR1')
      return site.received.length === 2
    })
    await site.holds({})
    const { code, stderr } = await stop(daemon)
    expect(code).toBe(0)
    expect(stderr).toMatch(/^mq-run: the account default cannot be used: .*; its mail waits\n/)
    expect(queueContents(site.queueDir)).toEqual({})
  })

  it('ends in the beginning with 78 for a wrong configuration, and with 66 for a queue that is not there', async () => {
    const site = await openDaemonSite()
    const missing = await site.run('mq-run', ['--daemon', `${site.directory}/none`])
    expect(missing).toMatchObject({ code: 66, stdout: '' })
    writeFileSync(site.config, '[mailqueue]\nno_such_option = 1\n')
    expect(await site.run('mq-run', ['--daemon'])).toMatchObject({ code: 78, stdout: '' })
    expect(queueContents(site.queueDir)).toEqual({})
  })
})
