/**
 * The daemon as a function, with real folders: what it watches beside the queue, what runs beside it, and what it shows.
 */
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { deliveryContext } from '../../../../src/delivery/context.ts'
import { runDaemon, type DaemonSite } from '../../../../src/delivery/daemon/daemon.ts'
import { DaemonWishes } from '../../../../src/delivery/daemon/wishes.ts'
import type { DaemonState } from '../../../../src/delivery/daemon/state.ts'
import { oneWay } from '../../../../src/delivery/ways.ts'
import { bufferContent } from '../../../../src/message/content.ts'
import { MaildirQueue } from '../../../../src/queue/maildir-queue.ts'
import { MemoryTransport } from '../../../../src/transport/memory.ts'
import { queueContents, temporaryQueue } from '../../../helpers/queue-dir.ts'
import { until } from '../../../helpers/until.ts'

function start(parts: Partial<DaemonSite> = {}, queueDir = temporaryQueue()) {
  const transport = new MemoryTransport()
  const context = deliveryContext({})
  const store = new MaildirQueue(queueDir)
  const site = { store, ways: oneWay(transport, context, 2), context, rescan: 60_000, ...parts }
  const stopper = new AbortController()
  const wishes = new DaemonWishes()
  const said: string[] = []
  const complain = (line: string): void => void said.push(line)
  const reopen = async (): Promise<DaemonSite> => site
  const ended = runDaemon({ site, reopen, wishes, signal: stopper.signal, complain })
  const stop = async (): Promise<void> => {
    stopper.abort()
    await ended
  }
  onTestFinished(stop)
  return { store, transport, wishes, said, stop, ended }
}

const message = (recipient: string) => ({
  envelope: { sender: 'a@s.example', recipients: [recipient] },
  content: bufferContent(Buffer.from('Subject: s\r\n\r\nb\r\n')),
})

/** A folder whose files are taken over by a rename. */
function intakeOf(folder: string, taken: string[]) {
  return {
    path: folder,
    takeOver: async () => {
      for (const name of readdirSync(folder)) {
        taken.push(name)
        rmSync(join(folder, name))
      }
    },
  }
}

describe('an intake', () => {
  it('is taken over in the beginning and whenever something comes', async () => {
    const queueDir = temporaryQueue()
    const folder = join(dirname(queueDir), 'drop')
    mkdirSync(folder)
    writeFileSync(join(folder, 'first'), '')
    const taken: string[] = []
    const { stop } = start({ intakes: [intakeOf(folder, taken)] }, queueDir)
    await until('the first is taken', () => taken.length === 1)
    writeFileSync(join(dirname(queueDir), 'draft'), '')
    renameSync(join(dirname(queueDir), 'draft'), join(folder, 'second'))
    await until('the second is taken', () => taken.length === 2)
    await stop()
    expect(taken).toEqual(['first', 'second'])
    expect(queueContents(queueDir)).toEqual({})
  })

  it('that fails is said once, and goes on when its folder is there', async () => {
    const queueDir = temporaryQueue()
    const folder = join(dirname(queueDir), 'drop')
    const taken: string[] = []
    const { stop, said } = start({ intakes: [intakeOf(folder, taken)], rescan: 50 }, queueDir)
    await until('it is said', () => said.length > 0)
    mkdirSync(folder)
    writeFileSync(join(folder, 'first'), '')
    await until('it is taken', () => taken.length === 1)
    await stop()
    expect(said).toHaveLength(1)
    expect(said[0]).toMatch(/^mail in .*drop cannot be taken over: ENOENT/)
    expect(queueContents(queueDir)).toEqual({})
  })
})

describe('a companion', () => {
  it('sees what the daemon does, and is stopped with it, and started anew with a configuration', async () => {
    const events: string[] = []
    const states: DaemonState[] = []
    const companion = {
      start: async (state: DaemonState) => {
        events.push('start')
        states.push(state)
        return { stop: async () => void events.push('stop') }
      },
    }
    const { store, transport, wishes, stop } = start({ companions: [companion] })
    await until('it is started', () => states.length === 1)
    await store.enqueue(message('one@d.example'))
    await until('it is delivered', () => transport.messages.length === 1)
    await until('nothing is busy', () => states[0]?.busy === 0)
    const later = Date.now() + 3_600_000
    await store.enqueue(message('two@d.example'), { nextAttempt: later })
    await until('the time is known', () => states[0]?.nextDue !== undefined)
    expect(Math.abs((states[0]?.nextDue ?? 0) - later)).toBeLessThan(1000)
    expect(states[0]?.trouble).toBeUndefined()
    expect(states[0]?.lastPass).toBeGreaterThan(0)
    expect(states[0]?.accounts).toMatchObject([{ account: 'default', inFlight: 0, waiting: 0 }])
    wishes.ask('reload')
    await until('it is started anew', () => states.length === 2)
    await stop()
    expect(events).toEqual(['start', 'stop', 'start', 'stop'])
    expect(queueContents(store.name)).toEqual({ new: ['two@d.example=pending'] })
  })

  it('that cannot be started ends the daemon in the beginning, with its lease given up', async () => {
    const start1 = async (): Promise<never> => {
      throw new Error('the address is in use')
    }
    const transport = new MemoryTransport()
    const context = deliveryContext({})
    const store = new MaildirQueue(temporaryQueue())
    const ways = oneWay(transport, context, 1)
    const site = { store, ways, context, rescan: 60_000, companions: [{ start: start1 }] }
    const ended = runDaemon({
      site,
      reopen: async () => site,
      wishes: new DaemonWishes(),
      signal: new AbortController().signal,
      complain: () => undefined,
    })
    await expect(ended).rejects.toThrow('the address is in use')
    expect(queueContents(store.name)).toEqual({})
  })
})
