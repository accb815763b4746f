/**
 * mq-run --daemon while something is missing: the server, the watches of the system, the queue itself.
 */
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { droppedText, messageName } from '../helpers/drop-site.ts'
import { queueContents } from '../helpers/queue-dir.ts'
import { until } from '../helpers/until.ts'
import { event } from '../helpers/event.ts'
import { STALL } from '../helpers/scripted-server.ts'
import { openDaemonSite, type RunningDaemon } from './daemon-site.ts'

const QUIET = { code: 0, signal: null, stdout: '', stderr: '' }
const FAULT_ON_SIGNAL = fileURLToPath(new URL('../helpers/fault-on-signal.cjs', import.meta.url))
const NO_WATCHES = fileURLToPath(new URL('../helpers/no-watches.cjs', import.meta.url))

function stop({ child, result }: RunningDaemon) {
  child.kill('SIGTERM')
  return result
}

describe('a daemon', () => {
  it('comes back to a server that was down when its time has come, and says both once', async () => {
    let down = true
    const site = await openDaemonSite({}, { banner: () => (down ? '421 4.3.0 down' : undefined) })
    const daemon = await site.daemon()
    await site.enqueue('one@d.ex')
    await site.logged('account.failed')
    await site.enqueue('two@d.ex')
    down = false
    await site.holds({})
    const { code, stderr } = await stop(daemon)
    expect(code).toBe(0)
    expect(stderr.split('\n').filter(Boolean)).toEqual([
      expect.stringMatching(/^mq-run: the account default cannot be used: .*; its mail waits$/),
      'mq-run: the account default can be used again',
    ])
    expect(site.received).toHaveLength(2)
    expect(queueContents(site.queueDir)).toEqual({})
  })

  it('looks every few seconds where the system has no watches left, and says so once', async () => {
    const site = await openDaemonSite({ rescan: '1s' })
    const daemon = await site.daemon([], { env: { NODE_OPTIONS: `--require ${NO_WATCHES}` } })
    await site.enqueue('one@d.ex')
    await site.holds({})
    const { code, stderr } = await stop(daemon)
    expect(code).toBe(0)
    expect(stderr).toMatch(/^mq-run: the queue cannot be watched: no more inotify watches; [^\n]*\n$/)
    expect(site.log().filter(({ event }) => event === 'queue.unwatched')).toHaveLength(1)
    expect(queueContents(site.queueDir)).toEqual({})
  })

  it('waits for a queue that is gone, and goes on when it is back', async () => {
    const site = await openDaemonSite({ rescan: '1s' })
    const daemon = await site.daemon()
    await site.enqueue('one@d.ex')
    await site.holds({})
    renameSync(site.queueDir, `${site.queueDir}.away`)
    await site.logged('queue.unusable')
    renameSync(`${site.queueDir}.away`, site.queueDir)
    await site.enqueue('two@d.ex')
    await site.holds({})
    await site.logged('queue.usable')
    const { code, stderr } = await stop(daemon)
    expect(code).toBe(0)
    const lines = stderr.split('\n').filter(Boolean)
    expect(lines).toHaveLength(2)
    expect(lines[0]).toMatch(/^mq-run: the queue cannot be used: .*; it is tried again$/)
    expect(lines[1]).toBe('mq-run: the queue can be used again')
    // the record of the lease that was lost is swept by the next run
    expect({ ...queueContents(site.queueDir), runners: undefined }).toEqual({})
  })

  it('leaves dropped mail where it is while the queue is gone, and makes none in its place', async () => {
    const site = await openDaemonSite()
    const drop = join(site.directory, 'drop')
    mkdirSync(drop)
    chmodSync(drop, 0o3733)
    site.configure({ rescan: '1h', submit_dir: drop })
    const daemon = await site.daemon(['--listen', `unix:${join(site.directory, 'listen')}`])
    renameSync(site.queueDir, `${site.queueDir}.away`)
    const name = messageName()
    writeFileSync(join(drop, name), droppedText('one@d.ex'), { mode: 0o600 })
    await site.logged('queue.unusable')
    expect([readdirSync(drop), existsSync(site.queueDir)]).toEqual([[name], false])
    renameSync(`${site.queueDir}.away`, site.queueDir)
    await until('it is sent', () => site.received.length === 1)
    await site.holds({})
    expect(await stop(daemon)).toMatchObject({ code: 0 })
    expect(readdirSync(drop)).toEqual([])
    // Whose lease was on the queue that was gone cannot take its record along.
    expect({ ...queueContents(site.queueDir), runners: undefined }).toEqual({})
  })

  it('says on standard error why dropped mail is not taken over, once', async () => {
    const site = await openDaemonSite()
    const drop = join(site.directory, 'drop')
    mkdirSync(drop, { mode: 0o700 })
    site.configure({ submit_dir: drop })
    const daemon = await site.daemon()
    chmodSync(drop, 0o777)
    for (const recipient of ['one@d.ex', 'two@d.ex'])
      writeFileSync(join(drop, messageName()), droppedText(recipient), { mode: 0o600 })
    await until('it is said', () => daemon.said().includes('cannot be taken over'))
    chmodSync(drop, 0o3733)
    writeFileSync(join(drop, messageName()), droppedText('three@d.ex'), { mode: 0o600 })
    await until('all are sent', () => site.received.length === 3)
    await site.holds({})
    const { code, stderr } = await stop(daemon)
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(/^mq-run: mail in \S+ cannot be taken over: [^\n]*no sticky bit[^\n]*\n$/),
    ])
    expect(queueContents(site.queueDir)).toEqual({})
  })

  it('leaves mail alone while all sending is suspended, and notices when it is active again', async () => {
    const site = await openDaemonSite()
    await site.enqueue('one@d.ex')
    await site.run('mq-queue', ['suspend', 'ALL'])
    const daemon = await site.daemon()
    await site.enqueue('two@d.ex')
    expect(site.server.connections).toBe(0)
    await site.run('mq-queue', ['activate', 'ALL'])
    await site.holds({})
    expect(await stop(daemon)).toEqual(QUIET)
    expect(site.received).toHaveLength(2)
    expect(queueContents(site.queueDir)).toEqual({})
  })

  it('goes on when there is room again in a limit', async () => {
    const site = await openDaemonSite({ limit_per_minute: '1' })
    const daemon = await site.daemon()
    await site.enqueue('one@d.ex')
    await site.holds({})
    await site.enqueue('two@d.ex')
    await until('the second is there', () => site.received.length === 2, 90_000)
    await site.holds({})
    expect(await stop(daemon)).toEqual(QUIET)
    expect(queueContents(site.queueDir)).toEqual({})
  })

  it('shares the work with another daemon: each message goes out once', async () => {
    const site = await openDaemonSite({ rescan: '1s' })
    const [one, other] = [await site.daemon(), await site.daemon()]
    for (let count = 1; count <= 10; count++) await site.enqueue(`r${count}@d.ex`)
    await site.holds({})
    expect(site.received).toHaveLength(10)
    expect(await stop(one)).toEqual(QUIET)
    expect(await stop(other)).toEqual(QUIET)
    expect(queueContents(site.queueDir)).toEqual({})
  })
})

describe('a daemon with a fault of its own', () => {
  const env = { NODE_OPTIONS: `--require ${FAULT_ON_SIGNAL}` }
  const SAID = 'mq-run: internal error: planted; claims are given back; please report it\n'

  it('says so, and ends with 75 when what it has claimed is given back', async () => {
    const site = await openDaemonSite()
    const daemon = await site.daemon([], { env })
    await site.enqueue('one@d.ex')
    await site.holds({})
    daemon.child.kill('SIGUSR2')
    expect(await daemon.result).toMatchObject({ code: 75, stderr: SAID })
    expect(site.log().at(-1)).toMatchObject({ event: 'daemon.stopped' })
    expect(queueContents(site.queueDir)).toEqual({})
  })

  it('ends although something does not come to its end; what it has claimed is taken back by the next run', async () => {
    const dot = event()
    const site = await openDaemonSite({ in_doubt: 'hold' }, { dot: () => (dot.happens(), STALL) })
    const daemon = await site.daemon([], { env: { ...env, IMPATIENT: '1' } })
    await site.enqueue('one@d.ex')
    await dot.happened
    daemon.child.kill('SIGUSR2')
    expect(await daemon.result).toMatchObject({ code: 75, stderr: SAID })
    expect(await site.run('mq-run', ['--all'])).toMatchObject({ code: 0 })
    expect(queueContents(site.queueDir)).toEqual({ hold: ['one@d.ex=in-doubt'] })
  })
})
