/**
 * A command that is asked to end gives back or queues what it has in hand; nothing is left claimed.
 */
import { dirname } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { bufferContent } from '../../src/message/content.ts'
import { MaildirQueue } from '../../src/queue/maildir-queue.ts'
import { queueContents, temporaryQueue } from '../helpers/queue-dir.ts'
import { runCommand, startCommand, writeConfig } from '../helpers/run-command.ts'
import { startScriptedServer, STALL, type Script, type ScriptedServer } from '../helpers/scripted-server.ts'
import { MESSAGE, WIRE } from './crash-rig.ts'

/** A promise and the function that fulfils it. */
function event(): { readonly happened: Promise<void>; readonly happens: () => void } {
  let happens = (): void => undefined
  const happened = new Promise<void>((resolve) => (happens = resolve))
  return { happened, happens: () => happens() }
}

interface Site {
  readonly queueDir: string
  readonly server: ScriptedServer
  readonly config: string
}

async function site(script: Script, settings: Readonly<Record<string, string>> = {}): Promise<Site> {
  const queueDir = temporaryQueue()
  const server = await startScriptedServer(script)
  onTestFinished(() => server.close())
  const config = writeConfig(dirname(queueDir), {
    smtp_hostname: '127.0.0.1',
    smtp_port: String(server.port),
    queue_dir: queueDir,
    aliases: '/dev/null',
    qualify_domain: 'h.example',
    connections: '2',
    ...settings,
  })
  return { queueDir, server, config }
}

async function enqueue(queueDir: string, ...recipients: string[]): Promise<void> {
  const queue = new MaildirQueue(queueDir)
  for (const recipient of recipients) {
    const envelope = { sender: 'a@s.example', recipients: [recipient] }
    await queue.enqueue({ envelope, content: bufferContent(WIRE) })
  }
}

const SIGNALS = ['SIGTERM', 'SIGINT'] as const

describe.each(SIGNALS)('mq-run, when it gets %s', (signal) => {
  it('gives back what is not handed over, and exits 75', async () => {
    const asked = event()
    const { queueDir, server, config } = await site({
      mail: () => {
        asked.happens()
        return STALL
      },
    })
    await enqueue(queueDir, 'a@d.example', 'b@d.example', 'c@d.example')
    const run = startCommand('mq-run', [], { config })
    await asked.happened
    run.child.kill(signal)
    const { code, stderr } = await run.result
    expect(code, stderr).toBe(75)
    expect(server.transactions.filter(({ dotReceived }) => dotReceived)).toEqual([])
    expect(queueContents(queueDir)).toEqual({
      new: ['a@d.example=pending', 'b@d.example=pending', 'c@d.example=pending'],
    })
  })

  it('waits for the reply to a message that is handed over, and gives back the others', async () => {
    const [dot, other, go] = [event(), event(), event()]
    let dots = 0
    const { queueDir, server, config } = await site({
      // The first message goes alone. Of the next two one waits for its reply, the other gets nowhere.
      mail: ({ transaction }) => {
        if (transaction < 3) return undefined
        other.happens()
        return STALL
      },
      dot: () => {
        dots += 1
        if (dots < 2) return undefined
        dot.happens()
        return { after: go.happened, reply: '250 2.0.0 Ok: queued as LATE' }
      },
    })
    await enqueue(queueDir, 'a@d.example', 'b@d.example', 'c@d.example')
    const run = startCommand('mq-run', [], { config })
    await Promise.all([dot.happened, other.happened])
    run.child.kill(signal)
    // The other connection ends when the process has understood.
    while (server.openConnections > 1) await new Promise((resolve) => setImmediate(resolve))
    go.happens()
    expect((await run.result).code).toBe(75)
    const sent = server.transactions.flatMap(({ dotReceived, rcptTo }) => (dotReceived ? rcptTo : []))
    const left = ['a@d.example', 'b@d.example', 'c@d.example'].filter((each) => !sent.includes(each))
    expect(sent).toHaveLength(2)
    expect(queueContents(queueDir)).toEqual({ new: left.map((each) => `${each}=pending`) })
  })
})

describe.each([...SIGNALS, 'SIGHUP'] as const)('mq-sendmail, when it gets %s', (signal) => {
  it.each(['fallback', 'first'])(
    'while the server stalls queues the message and exits 0 (spool = %s)',
    async (spool) => {
      const asked = event()
      const { queueDir, server, config } = await site(
        {
          rcpt: () => {
            asked.happens()
            return STALL
          },
        },
        { spool },
      )
      const sending = startCommand('mq-sendmail', ['-f', 'a@s.example', 'b@d.example'], {
        config,
        stdin: MESSAGE,
      })
      await asked.happened
      sending.child.kill(signal)
      const { code, stderr } = await sending.result
      expect(code, stderr).toBe(0)
      expect(server.transactions.every(({ accepted }) => !accepted)).toBe(true)
      const contents = queueContents(queueDir)
      expect(Object.keys(contents)).toEqual(['new'])
      expect(contents['new']).toEqual([expect.stringMatching(/^b@d\.example=(pending|deferred)$/)])
      expect((await runCommand('mq-queue', ['list'], { config })).stdout).toContain('b@d.example')
    },
  )
})
