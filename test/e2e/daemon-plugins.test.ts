/**
 * Plug-ins of mq-run --daemon that open something of which there is only one: each is set up once, stays as long as it is
 * configured and the same, and is ended when it goes away and with the daemon.
 */
import { readFileSync, renameSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { queueContents } from '../helpers/queue-dir.ts'
import { openDaemonSite, type DaemonSite, type RunningDaemon } from './daemon-site.ts'

/** Listens on a socket, which the next cannot do before this one has ended. */
const source = (site: DaemonSite, name: string): string => `
import { appendFileSync } from 'node:fs'
import { createServer } from 'node:net'
const tell = (what) => appendFileSync(${JSON.stringify(`${site.directory}/told`)}, '${name} ' + what + '\\n')
export default {
  name: 'listens',
  setup: async (api) => {
    const server = createServer()
    await new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen(${JSON.stringify(`${site.directory}/socket`)}, resolve)
    })
    tell('begins')
    api.on('delivered', ({ message }) => tell(message.envelope.recipients.join()))
    return async () => {
      await new Promise((resolve) => server.close(resolve))
      tell('ends')
    }
  },
}
`

const told = (site: DaemonSite): string[] =>
  readFileSync(`${site.directory}/told`, 'utf8').split('\n').filter(Boolean)

async function sent(site: DaemonSite, recipient: string): Promise<void> {
  const before = site.log().filter((line) => line.event === 'message.delivered').length
  await site.enqueue(recipient)
  await site.logged('message.delivered', before + 1)
  await site.holds({})
}

async function reload(site: DaemonSite, daemon: RunningDaemon, count: number): Promise<void> {
  daemon.child.kill('SIGHUP')
  await site.logged('daemon.reloaded', count)
}

function replace(site: DaemonSite, text: string): void {
  renameSync(site.write('new.mjs', text), `${site.directory}/plug-in.mjs`)
}

describe('a plug-in of a daemon', () => {
  it('is set up once, and again only when it was changed or taken away in between', async () => {
    const site = await openDaemonSite()
    replace(site, source(site, 'first'))
    const plugins = { plugins: './plug-in.mjs' }
    site.configure(plugins)
    const daemon = await site.daemon()
    expect(told(site)).toEqual(['first begins'])
    await reload(site, daemon, 1)
    site.configure({ ...plugins, delivery_log: `${site.directory}/other` })
    await reload(site, daemon, 2)
    expect(told(site)).toEqual(['first begins'])
    replace(site, source(site, 'second'))
    await reload(site, daemon, 3)
    site.configure({})
    await reload(site, daemon, 4)
    await sent(site, 'one@d.ex')
    expect(told(site)).toEqual(['first begins', 'first ends', 'second begins', 'second ends'])
    site.configure(plugins)
    await reload(site, daemon, 5)
    // The plug-ins of mq-sendmail would want the same socket.
    site.configure({})
    await sent(site, 'two@d.ex')
    daemon.child.kill('SIGTERM')
    expect(await daemon.result).toEqual({ code: 0, signal: null, stdout: '', stderr: '' })
    expect(told(site).slice(4)).toEqual(['second begins', 'second two@d.ex', 'second ends'])
    expect(queueContents(site.queueDir)).toEqual({})
  })

  it('stays when the new configuration is refused', async () => {
    const site = await openDaemonSite()
    replace(site, source(site, 'first'))
    site.configure({ plugins: './plug-in.mjs' })
    const daemon = await site.daemon()
    site.configure({ no_such_option: '1' })
    daemon.child.kill('SIGHUP')
    await site.logged('config.refused')
    expect(told(site)).toEqual(['first begins'])
    daemon.child.kill('SIGTERM')
    expect(await daemon.result).toMatchObject({ code: 0 })
    expect(told(site)).toEqual(['first begins', 'first ends'])
    expect(queueContents(site.queueDir)).toEqual({})
  })
})
