/**
 * A temporary directory with a queue, an SMTP server and the means to look into both.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, vi } from 'vitest'
import { MaildirQueue } from '../../../src/queue/maildir-queue.ts'
import type { Place } from '../../../src/queue/store.ts'
import { startSmtpSink, type SmtpSink } from '../../helpers/smtp-sink.ts'
import type { Script } from '../../helpers/scripted-server.ts'

/** What the queue holds: for each message its recipients with their states, `place: a=status b=status`. */
export async function holds(queueDir: string): Promise<string[]> {
  const queue = new MaildirQueue(queueDir)
  const found: string[] = []
  for (const place of ['new', 'cur', 'hold', 'failed'] satisfies Place[]) {
    for await (const entry of queue.list([place])) {
      const message = await queue.describe(entry)
      const states = message?.recipients.map(({ recipient, status }) => `${recipient}=${status}`) ?? [
        'unreadable',
      ]
      found.push(`${place}: ${states.join(' ')}`)
    }
  }
  const stray = ['tmp', 'corrupt', 'runners'].flatMap((folder) =>
    readdirSync(join(queueDir, folder)).map((name) => `${folder}: ${name}`),
  )
  return [...found.sort(), ...stray]
}

/** A directory that the test leaves no trace of. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'mailqueue-delivery-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** A server that ends with the test. */
export async function sink(script: Script = {}): Promise<SmtpSink> {
  const server = await startSmtpSink(script)
  onTestFinished(() => server.close())
  return server
}

/** Settings for that server, without credentials, TLS and delivery reports. */
export function settingsOf(port: number, more: Record<string, unknown> = {}): Record<string, unknown> {
  return { smtp_hostname: '127.0.0.1', smtp_port: port, tls: 'off', bounce: 'none', ...more }
}

/** Writes a plug-in that tells of its beginning, of mail that was delivered, and of its end. @returns its path */
export function tellingPlugin(directory: string): string {
  const path = join(directory, 'telling.mjs')
  const source = `import { appendFileSync } from 'node:fs'
const tell = (what) => appendFileSync(${JSON.stringify(join(directory, 'told'))}, what + '\\n')
const setup = (api) => {
  tell('begins')
  api.on('delivered', () => tell('called'))
  return () => tell('ends')
}
export default { name: 'telling', setup }
`
  writeFileSync(path, source, { mode: 0o600 })
  return path
}

/** Waits until the plug-in has told this. */
export async function told(directory: string, lines: readonly string[]): Promise<void> {
  const path = join(directory, 'told')
  const now = (): string[] => readFileSync(path, 'utf8').split('\n').filter(Boolean)
  await vi.waitFor(() => expect(now()).toEqual(lines), { timeout: 20_000, interval: 5 })
}
