/**
 * A site with a running `mq-run --daemon`, for tests that wait for what happens: on the server, in the log, on standard
 * error, in the queue. Whatever the test leaves running is ended with it.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { M0, openSite, type MailSite, type Settings } from '../helpers/mail-site.ts'
import type { QueueContents } from '../helpers/queue-dir.ts'
import { startCommand, type CommandOptions, type RunningCommand } from '../helpers/run-command.ts'
import type { Script } from '../helpers/scripted-server.ts'
import { until } from '../helpers/until.ts'
import { untilHolds } from '../helpers/until-holds.ts'

/** One line of the structured log. */
export interface LogLine {
  readonly event: string
  readonly [field: string]: unknown
}

/** A daemon that was started. */
export interface RunningDaemon extends RunningCommand {
  /** What it has said on standard error so far. */
  said(): string
}

/** A site for daemons. */
export interface DaemonSite extends MailSite {
  /** Starts one, and waits until it has looked at the queue for the first time. */
  daemon(args?: readonly string[], options?: CommandOptions): Promise<RunningDaemon>
  log(): LogLine[]
  /** Waits for an event of the log, the nth one of its name. */
  logged(event: string, count?: number): Promise<void>
  /** Queues a message without sending it. */
  enqueue(...recipients: string[]): Promise<void>
  /** Waits until the queue holds exactly this, runners aside. */
  holds(contents: QueueContents): Promise<void>
}

const QUIET = { code: 0, signal: null, stdout: '', stderr: '' }

/** The lines that are whole: the last may be being written. */
function readLog(path: string): LogLine[] {
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1)
  return lines.map((line) => JSON.parse(line) as LogLine)
}

function starter(site: MailSite, logged: DaemonSite['logged']): DaemonSite['daemon'] {
  let started = 0
  return async (args = [], options = {}) => {
    const running = startCommand('mq-run', ['--daemon', ...args], {
      config: site.config,
      timeout: 200_000,
      ...options,
    })
    const said: Buffer[] = []
    running.child.stderr?.on('data', (chunk: Buffer) => said.push(chunk))
    onTestFinished(async () => {
      running.child.kill('SIGKILL')
      await running.result.catch(() => undefined)
    })
    started += 1
    const ended = running.result.then((result) => {
      throw new Error(`the daemon has ended: ${JSON.stringify(result)}`)
    })
    ended.catch(() => undefined)
    await Promise.race([logged('daemon.started', started), ended])
    return { ...running, said: () => Buffer.concat(said).toString() }
  }
}

/** Opens a site with a log. */
export async function openDaemonSite(settings: Settings = {}, script: Script = {}): Promise<DaemonSite> {
  const site = await openSite(settings, script)
  const path = join(site.directory, 'log')
  const configure = (changes: Settings): void => site.configure({ log: path, ...settings, ...changes })
  configure({})
  const log = (): LogLine[] => readLog(path)
  const logged = async (event: string, count = 1): Promise<void> =>
    until(`${event} in the log`, () => log().filter((line) => line.event === event).length >= count)
  return Object.defineProperties(
    {
      ...site,
      configure,
      log,
      logged,
      daemon: starter(site, logged),
      enqueue: async (...recipients: string[]) => {
        const result = await site.run('mq-sendmail', ['-odq', '-f', 'a@s.ex', ...recipients], { stdin: M0 })
        if (JSON.stringify(result) !== JSON.stringify(QUIET)) throw new Error(JSON.stringify(result))
      },
      holds: (contents: QueueContents) => untilHolds(site.queueDir, contents),
    },
    { received: { get: () => site.received } },
  )
}
