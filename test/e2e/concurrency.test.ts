/**
 * Several mq-run on one queue: each message goes to exactly one of them, also when one of them is killed.
 */
import { dirname } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { bufferContent } from '../../src/message/content.ts'
import { MaildirQueue } from '../../src/queue/maildir-queue.ts'
import { queueContents, storedIn, temporaryQueue } from '../helpers/queue-dir.ts'
import { runCommand, startCommand, writeConfig } from '../helpers/run-command.ts'
import type { Script } from '../helpers/scripted-server.ts'
import { startSmtpSink, type SmtpSink } from '../helpers/smtp-sink.ts'
import { WIRE } from './crash-rig.ts'

const PATIENCE = 180_000

async function fill(queueDir: string, count: number): Promise<string[]> {
  const queue = new MaildirQueue(queueDir)
  const recipients = Array.from({ length: count }, (_, place) => `r${place}@d.example`)
  const enqueue = (recipient: string) =>
    queue.enqueue({
      envelope: { sender: 'a@s.example', recipients: [recipient] },
      content: bufferContent(WIRE),
    })
  for (let from = 0; from < count; from += 100) {
    await Promise.all(recipients.slice(from, from + 100).map(enqueue))
  }
  return recipients
}

async function site(count: number, script: Script = {}) {
  const queueDir = temporaryQueue()
  const recipients = await fill(queueDir, count)
  const sink = await startSmtpSink(script)
  onTestFinished(() => sink.close())
  const config = writeConfig(dirname(queueDir), {
    smtp_hostname: '127.0.0.1',
    smtp_port: String(sink.port),
    queue_dir: queueDir,
    log: `${dirname(queueDir)}/log`,
  })
  return { queueDir, recipients, sink, config }
}

/** How often each recipient got the message. */
function copies(sink: SmtpSink): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { rcptTo, data } of sink.messages) {
    if (!data.equals(WIRE)) throw new Error('a message arrived that is not the one that was sent')
    for (const recipient of rcptTo) counts.set(recipient, (counts.get(recipient) ?? 0) + 1)
  }
  return counts
}

describe('several mq-run at once', () => {
  it('deliver each of 5,000 messages exactly once', async () => {
    const { queueDir, recipients, sink, config } = await site(5000)
    const args = ['--force', '--verbose']
    const runs = Array.from({ length: 4 }, () => runCommand('mq-run', args, { config, timeout: PATIENCE }))
    const results = await Promise.all(runs)
    expect(results.map(({ code }) => code)).toEqual([0, 0, 0, 0])
    const delivered = results.map(({ stderr }) => Number(/(\d+) delivered/.exec(stderr)?.[1]))
    expect(delivered.reduce((sum, each) => sum + each, 0)).toBe(5000)
    const counts = copies(sink)
    expect(counts.size).toBe(5000)
    expect(recipients.filter((recipient) => counts.get(recipient) !== 1)).toEqual([])
    expect(queueContents(queueDir)).toEqual({})
  })

  it('without --force are one and others that leave it alone', async () => {
    let release = (): void => undefined
    const held = new Promise<void>((resolve) => (release = resolve))
    let arrive = (): void => undefined
    const arrived = new Promise<void>((resolve) => (arrive = resolve))
    const { queueDir, sink, config } = await site(3, {
      ehlo: () => {
        arrive()
        return { after: held, reply: '250 scripted' }
      },
    })
    // The first run is in the middle of its first message.
    const first = startCommand('mq-run', [], { config })
    await arrived
    const second = await runCommand('mq-run', ['--verbose'], { config })
    expect(second.code).toBe(0)
    expect(second.stderr).toMatch(/another runner is at work/)
    release()
    expect((await first.result).code).toBe(0)
    expect([...copies(sink).values()]).toEqual([1, 1, 1])
    expect(queueContents(queueDir)).toEqual({})
  })

  it('lose nothing when one is killed, and nothing is sent twice without a doubt on record', async () => {
    let taken = 0
    let enough = (): void => undefined
    const middle = new Promise<void>((resolve) => (enough = resolve))
    const { queueDir, recipients, sink, config } = await site(600, {
      dot: () => {
        taken += 1
        if (taken === 200) enough()
        return undefined
      },
    })
    const victim = startCommand('mq-run', ['--force'], { config, timeout: PATIENCE })
    const other = startCommand('mq-run', ['--force'], { config, timeout: PATIENCE })
    await middle
    victim.child.kill('SIGKILL')
    expect((await victim.result).signal).toBe('SIGKILL')
    expect((await other.result).code).toBe(0)
    // Its claims come back, in doubt where the message was on the wire.
    expect((await runCommand('mq-run', [], { config })).code).toBe(0)
    const doubtful = storedIn(queueDir, 'new').flatMap(({ recipients: states }) =>
      Object.entries(states).map(([recipient, state]) => {
        expect(state).toBe('in-doubt')
        return recipient
      }),
    )
    expect(doubtful.length).toBeLessThanOrEqual(4)
    expect((await runCommand('mq-run', ['--all'], { config })).code).toBe(0)
    const counts = copies(sink)
    expect(recipients.filter((recipient) => !counts.has(recipient))).toEqual([])
    const twice = recipients.filter((recipient) => counts.get(recipient) !== 1)
    expect(twice.filter((recipient) => !doubtful.includes(recipient) || counts.get(recipient) !== 2)).toEqual(
      [],
    )
    expect(queueContents(queueDir)).toEqual({})
  })
})
