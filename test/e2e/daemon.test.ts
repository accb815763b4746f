/**
 * mq-run --daemon: mail is sent as it comes, at its time, and beside others; signals, stops and restarts.
 */
import { describe, expect, it } from 'vitest'
import { queueContents } from '../helpers/queue-dir.ts'
import { STALL } from '../helpers/scripted-server.ts'
import { until } from '../helpers/until.ts'
import { openDaemonSite, type DaemonSite, type RunningDaemon } from './daemon-site.ts'

const QUIET = { code: 0, signal: null, stdout: '', stderr: '' }

async function end(daemon: RunningDaemon, signal: NodeJS.Signals = 'SIGTERM'): Promise<unknown> {
  daemon.child.kill(signal)
  return daemon.result
}

const recipients = (site: DaemonSite): string[] => site.received.flatMap(({ rcptTo }) => rcptTo).sort()

describe('mq-run --daemon', () => {
  it('delivers what waits, then what is queued while it idles, and says nothing', async () => {
    const site = await openDaemonSite()
    await site.enqueue('one@d.ex')
    const daemon = await site.daemon()
    await site.holds({})
    await site.enqueue('two@d.ex')
    await site.enqueue('three@d.ex')
    await site.holds({})
    expect(recipients(site)).toEqual(['one@d.ex', 'three@d.ex', 'two@d.ex'])
    expect(await end(daemon)).toEqual(QUIET)
    expect(queueContents(site.queueDir)).toEqual({})
  })

  it('tries a deferred message again when its time has come', async () => {
    let attempts = 0
    const site = await openDaemonSite(
      { retry: '1s' },
      { rcpt: () => ((attempts += 1) < 3 ? '451 4.2.0 later' : undefined) },
    )
    const daemon = await site.daemon()
    await site.enqueue('one@d.ex')
    await site.holds({})
    expect(attempts).toBe(3)
    expect(await end(daemon)).toEqual(QUIET)
    expect(queueContents(site.queueDir)).toEqual({})
  })

  it('delivers what comes while a message stalls, over the connections that are free', async () => {
    const site = await openDaemonSite(
      { connections: '2' },
      { rcpt: ({ address }) => (address.includes('slow') ? STALL : undefined) },
    )
    await site.enqueue('slow@d.ex')
    const daemon = await site.daemon()
    await until('the slow one is on its way', () =>
      site.server.commands.some((line) => line.includes('slow')),
    )
    await site.enqueue('one@d.ex')
    await site.enqueue('two@d.ex')
    await until('the others are there', () => site.received.length === 2)
    expect(await end(daemon)).toEqual(QUIET)
    expect(queueContents(site.queueDir)).toEqual({ new: ['slow@d.ex=pending'] })
  })
})
