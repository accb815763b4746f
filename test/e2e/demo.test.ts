/**
 * The demo as a newcomer runs it: what it shows, how it ends, and that it leaves nothing behind.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const DEMO = fileURLToPath(new URL('../../scripts/demo.mjs', import.meta.url))

let scratch: string
let children: ChildProcess[]

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'demo-test-'))
  children = []
})

afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(scratch, { recursive: true, force: true })
})

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the demo with a temporary directory of its own; `onOutput` sees the output so far. */
function runDemo(onOutput: (stdout: string, demo: ChildProcess) => void = () => undefined): Promise<Ended> {
  const demo = spawn(process.execPath, [DEMO], {
    env: { ...process.env, TMPDIR: scratch },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.push(demo)
  let stdout = ''
  let stderr = ''
  demo.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    onOutput(stdout, demo)
  })
  demo.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  return new Promise((resolve, reject) => {
    demo.once('error', reject)
    demo.once('close', (code) => resolve({ code, stdout, stderr }))
  })
}

describe('npm run demo', () => {
  it('sends, queues while the server is away, delivers afterwards, and leaves nothing behind', async () => {
    const { code, stdout, stderr } = await runDemo()
    expect(stderr).toBe('')
    expect(code).toBe(0)
    const order = [
      '$ mq-sendmail -C mailqueue.conf -f anna@site.example berta@remote.example < first.eml',
      '== 2. The server is down',
      'mq-sendmail: queued as ',
      '$ mq-mail -C mailqueue.conf',
      'mq-mail: queued as ',
      '$ mq-sendmail -C mailqueue.conf -bp',
      ' Kbytes in 2 Requests.',
      '== 3. The server is back',
      '$ mq-run -C mailqueue.conf',
      'Mail queue is empty',
      '== 3 mails arrived, each once:',
      'Subject: First',
      'The server is there, so this goes out at once.',
      '== Done.',
    ].map((line) => stdout.indexOf(line))
    expect(order).not.toContain(-1)
    expect(order).toEqual([...order].sort((a, b) => a - b))
    expect(stdout).toContain(
      'MAIL FROM:<anna@site.example> RCPT TO:<carla@remote.example> <dora@remote.example>',
    )
    expect(readdirSync(scratch)).toEqual([])
  })

  it('prints no control sequences when its output is not a terminal', async () => {
    const { stdout } = await runDemo()
    expect(stdout).not.toContain('\x1b')
  })

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'ends and cleans up when it gets %s in the middle',
    async (signal) => {
      let sent = false
      const { code, stderr } = await runDemo((stdout, demo) => {
        if (sent || !stdout.includes('$ mq-')) return
        sent = true
        demo.kill(signal)
      })
      expect(stderr).toBe(`demo.mjs: ended by ${signal}\n`)
      expect(code).toBe(1)
      expect(readdirSync(scratch)).toEqual([])
    },
  )
})
