/**
 * Runs a command again and again, each time with another of its file operations made to kill it or to fail, and
 * looks at what is left. Each try has a queue and recipients of its own, so several run at the same time.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { inShort, namesIn, storedIn } from '../helpers/queue-dir.ts'
import { runCommand, writeConfig, type CommandResult } from '../helpers/run-command.ts'
import { runQueueHere } from '../helpers/run-here.ts'
import type { SmtpSink } from '../helpers/smtp-sink.ts'

const CRASH_POINT = fileURLToPath(new URL('../helpers/crash-point.cjs', import.meta.url))
/** Tries at the same time. */
const BATCH = 3
/** More operations than any command makes. */
const ENOUGH = 400

/** Which operation, and what happens there; see crash-point.cjs. */
export interface Point {
  readonly at: number
  readonly how: string
  readonly ops?: string
  /** Where operations count; the queue when left out. */
  readonly within?: string
}

/** A message as it is given to mq-sendmail, and as it has to arrive. */
export const MESSAGE =
  'From: a@s.example\nTo: b@d.example\nDate: Sat, 21 Nov 2026 20:12:00 +0000\nMessage-ID: <m0@s.example>\nSubject: s\n\n.hidden\nlast\n'
export const WIRE = Buffer.from(MESSAGE.replaceAll('\n', '\r\n'))

/** One try. */
export class Try {
  readonly directory = mkdtempSync(join(tmpdir(), 'mailqueue-crash-'))
  readonly queueDir = join(this.directory, 'queue')
  readonly #sink: SmtpSink
  #config = ''

  constructor(sink: SmtpSink) {
    this.#sink = sink
    this.configure({})
  }

  /** Settings in addition to the smarthost and the queue. */
  configure(settings: Readonly<Record<string, string>>): void {
    this.#config = writeConfig(this.directory, {
      smtp_hostname: '127.0.0.1',
      smtp_port: String(this.#sink.port),
      queue_dir: this.queueDir,
      aliases: '/dev/null',
      qualify_domain: 'h.example',
      bounce: 'none',
      ...settings,
    })
  }

  run(name: string, args: readonly string[], stdin = ''): Promise<CommandResult> {
    return runCommand(name, args, { config: this.#config, stdin })
  }

  /** Runs the queue without a start of mq-run for it. */
  async runQueue(args: readonly string[] = []): Promise<void> {
    await runQueueHere(['--config', this.#config, ...args])
  }

  runAt(point: Point, name: string, args: readonly string[], stdin = ''): Promise<CommandResult> {
    const env = {
      NODE_OPTIONS: `--require ${CRASH_POINT}`,
      MQ_TEST_CRASH_DIR: point.within ?? this.queueDir,
      MQ_TEST_CRASH_AT: String(point.at),
      MQ_TEST_CRASH_HOW: point.how,
      MQ_TEST_CRASH_OPS: point.ops ?? '',
      MQ_TEST_CRASH_LOG: join(this.directory, 'operations'),
    }
    return runCommand(name, args, { config: this.#config, stdin, env })
  }

  /** The operations that counted in the last {@link runAt}. */
  operations(): string[] {
    const path = join(this.directory, 'operations')
    return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n') : []
  }

  /** Starts the list of operations anew. */
  forgetOperations(): void {
    rmSync(join(this.directory, 'operations'), { force: true })
  }

  /** How often the sink took the message for a recipient. Each time it has to be exactly the message. */
  deliveries(recipient: string, bytes: Buffer = WIRE): number {
    const taken = this.#sink.messages.filter(({ rcptTo }) => rcptTo.includes(recipient))
    for (const { data } of taken) expect(data.equals(bytes)).toBe(true)
    return taken.length
  }

  /** All messages in the queue in short, each with its folder. No message may be in two places. */
  holds(): string[] {
    const found = ['new', 'cur', 'hold', 'failed'].flatMap((place) =>
      storedIn(this.queueDir, place).map((stored) => ({ place, stored })),
    )
    const uniques = found.map(({ stored }) => stored.unique)
    expect(new Set(uniques).size).toBe(uniques.length)
    expect(namesIn(this.queueDir, 'corrupt')).toEqual([])
    return found.map(({ place, stored }) => `${place} ${inShort(stored)}`).sort()
  }

  /**
   * Runs the queue as the next minutes of cron would, until nothing is left to do. Returns the recipients that were in doubt.
   *
   * @param settings as for {@link configure}
   */
  async settle(settings: Readonly<Record<string, string>> = {}): Promise<Set<string>> {
    this.configure(settings)
    await this.runQueue()
    const doubtful = this.holds().flatMap((line) => [...line.matchAll(/(\S+)=in-doubt/g)])
    if (this.holds().length > 0) await this.runQueue(['--all'])
    expect(namesIn(this.queueDir, 'cur')).toEqual([])
    expect(this.#knownRunners()).toEqual([])
    return new Set(doubtful.map(([, recipient = '']) => recipient))
  }

  /** One that died while it wrote who it is stays until its lock is stale; it has no claims. */
  #knownRunners(): string[] {
    return namesIn(this.queueDir, 'runners').filter(
      (name) =>
        !name.endsWith('.lock') && readFileSync(join(this.queueDir, 'runners', name), 'utf8').includes('}\n'),
    )
  }

  /** Forgets everything. Not called for a try that failed: its remains tell why. */
  end(): void {
    rmSync(this.directory, { recursive: true, force: true })
  }
}

/**
 * Makes a try for each point from the first on, until one was not reached.
 *
 * @param attempt resolves to whether the point was reached
 * @returns how many there are
 */
export async function forEveryPoint(attempt: (at: number) => Promise<boolean>): Promise<number> {
  for (let first = 1; first < ENOUGH; first += BATCH) {
    const batch = Array.from({ length: BATCH }, (_, place) => attempt(first + place))
    const missed = (await Promise.all(batch)).indexOf(false)
    if (missed !== -1) return first + missed - 1
  }
  throw new Error('the command never ends without reaching the point')
}
