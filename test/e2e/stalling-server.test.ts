/**
 * A server that stops answering, at each phase: the caller of mq-sendmail waits no longer than submit_timeout until
 * the body starts, and no longer than the limit of the phase after that; the message is in the queue then. All other
 * limits are minutes, far above the patience of these tests.
 */
import { describe, expect, it } from 'vitest'
import { M0, openSite } from '../helpers/mail-site.ts'
import { queueContents } from '../helpers/queue-dir.ts'
import { STALL, type Script, type Step } from '../helpers/scripted-server.ts'

const QUIET = { code: 0, signal: null, stdout: '', stderr: '' }
/** More than the buffers of a connection hold. */
const LARGE = `${M0}${`${'x'.repeat(70)}\n`.repeat(400_000)}`

describe('mq-sendmail before the body starts', () => {
  it.each<[string, Script]>([
    ...(['banner', 'ehlo', 'mail', 'rcpt', 'data'] satisfies Step[]).map((step): [string, Script] => [
      step,
      { [step]: STALL },
    ]),
    ['the second recipient', { rcpt: ({ address }) => (address.startsWith('two') ? STALL : undefined) }],
    ['starttls', { starttls: STALL, extensions: ['STARTTLS'] }],
    ['the TLS handshake', { starttls: '220 go on', handshake: STALL, extensions: ['STARTTLS'] }],
  ])('waits for %s no longer than submit_timeout', async (_phase, script) => {
    const site = await openSite({ submit_timeout: '0.3s' }, script)
    expect(await site.run('mq-sendmail', ['one@d.ex', 'two@d.ex'], { stdin: M0 })).toEqual(QUIET)
    expect(site.received).toEqual([])
    expect(queueContents(site.queueDir)).toEqual({ new: ['one@d.ex=deferred two@d.ex=deferred'] })
  })
})

describe('mq-sendmail after the body has started', () => {
  it('waits for a server that takes nothing no longer than timeout_block', async () => {
    const site = await openSite({ timeout_block: '0.3s' }, { stopReading: true })
    expect(await site.run('mq-sendmail', ['one@d.ex'], { stdin: LARGE })).toEqual(QUIET)
    expect(queueContents(site.queueDir)).toEqual({ new: ['one@d.ex=deferred'] })
  })

  it('waits for the final reply no longer than timeout_dot, and then the message is in doubt', async () => {
    // Before the body starts, a slow machine may need some of that.
    const site = await openSite({ timeout_dot: '8.2s', submit_timeout: '8s' }, { dot: STALL })
    expect(await site.run('mq-sendmail', ['one@d.ex'], { stdin: M0 })).toEqual(QUIET)
    expect(queueContents(site.queueDir)).toEqual({ new: ['one@d.ex=in-doubt'] })
  })
})
