/**
 * A site for the rig: a queue, a server with faults that can be switched off, and commands whose every removal
 * is remembered. It collects the evidence for the checker as it goes.
 */
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { namesIn, readStored, snapshot } from '../helpers/queue-dir.ts'
import { startCommand, writeConfig, type CommandResult, type RunningCommand } from '../helpers/run-command.ts'
import { startScriptedServer, type Script, type ScriptedServer } from '../helpers/scripted-server.ts'
import { ACCOUNTS, IMPATIENT, phaseLimits, SPOOLS, type Spool } from './accounts.ts'
import { differences, readQueue, type Deletion, type Evidence, type Submission } from './evidence.ts'
import type { AccountName } from './faults.ts'
import { CALM } from './server-plan.ts'

const preload = (name: string): string => `--require ${fileURLToPath(new URL(name, import.meta.url))}`
const PRELOADS = `${preload('keep-removed.cjs')} ${preload('../helpers/crash-point.cjs')}`
const QUIET_ROUNDS = 20
const POSTMASTER = 'postmaster@s.example'

/** How a command is called. */
export interface Call {
  readonly account?: AccountName
  readonly spool?: Spool
  readonly stdin?: string
  /** Milliseconds after which it is taken to hang. */
  readonly timeout?: number
  /** Settings of crash-point.cjs, such as `AT` and `HOW`. */
  readonly point?: Readonly<Record<string, string>>
}

/** A message that is to be submitted. */
export interface Letter {
  readonly key: string
  readonly recipients: readonly string[]
  readonly sender: string
  readonly text: string
}

/** A message with a key of its own; its recipients and its sender are nobody else's. */
export function letter(key: string, recipients: number, size: number): Letter {
  const sender = `a+${key}@s.example`
  const list = Array.from({ length: recipients }, (_, place) => `${key}-${place}@d.example`)
  const head = [
    `From: ${sender}`,
    `To: ${list.join(', ')}`,
    'Date: Sat, 21 Nov 2026 20:12:00 +0000',
    `Message-ID: <${key}@s.example>`,
    'Subject: rig',
  ]
  const line = `${key} ${'x'.repeat(60)}\n`
  const body = `.\n..two\n${line.repeat(Math.max(1, Math.ceil(size / line.length)))}.end\n`
  return { key, sender, recipients: list, text: `${head.join('\n')}\n\n${body}` }
}

/** A message of the queue that something may be done to. */
interface Somebody {
  readonly id: string
  readonly unique: string
  readonly sender: string
  readonly recipients: readonly string[]
}

/** What the server does on a connection, by its number. */
export type ServerPlan = (connection: number) => Script

/** What is particular about a site. */
export interface Place {
  /** In a directory of the site when left out; else nothing that is removed is remembered. */
  readonly queueDir?: string
  /** Settings of the commands while there are faults. */
  readonly settings?: Readonly<Record<string, string>>
}

/** A running site. */
export class RigSite {
  readonly directory = mkdtempSync(join(tmpdir(), 'mailqueue-rig-'))
  readonly keepDir = join(this.directory, 'kept')
  /** What is in here are queues; a file operation outside of it endangers nobody. */
  readonly queues = join(this.directory, 'queues')
  /** Another queue, where some messages come from or go to. */
  readonly otherDir = join(this.queues, 'other')
  /** The structured log of all commands. */
  readonly log = join(this.directory, 'log')
  readonly queueDir: string
  readonly server: ScriptedServer
  readonly #keeps: boolean
  readonly #faults: { plan: ServerPlan | undefined }
  readonly #submissions: Submission[] = []
  readonly #deletions: Deletion[] = []
  readonly #planted: string[] = []
  readonly #disturbed: string[] = []
  #interrupted = 0
  #settled = false

  private constructor(
    server: ScriptedServer,
    faults: { plan: ServerPlan | undefined },
    { queueDir, settings: particular = {} }: Place,
  ) {
    this.server = server
    this.#faults = faults
    this.#keeps = queueDir === undefined
    this.queueDir = queueDir ?? join(this.queues, 'queue')
    mkdirSync(this.queues)
    for (const folder of ['new', 'cur', 'hold', 'failed', 'state']) {
      mkdirSync(join(this.keepDir, folder), { recursive: true })
    }
    for (const [name, settings] of Object.entries(ACCOUNTS)) {
      for (const spool of SPOOLS)
        this.#configure(`${name}-${spool}`, { ...IMPATIENT, ...settings, ...particular, spool })
    }
    this.#configure('calm', { ...phaseLimits(20_000), tls: 'off' })
  }

  /** Opens a site whose server has faults. The caller ends it. */
  static async open(plan: ServerPlan, place: Place = {}): Promise<RigSite> {
    const faults: { plan: ServerPlan | undefined } = { plan }
    const server = await startScriptedServer((connection) => faults.plan?.(connection) ?? CALM)
    return new RigSite(server, faults, place)
  }

  #configure(name: string, settings: Readonly<Record<string, string>>): void {
    const directory = join(this.directory, name)
    mkdirSync(directory)
    writeConfig(directory, {
      smtp_hostname: '127.0.0.1',
      smtp_port: String(this.server.port),
      queue_dir: this.queueDir,
      aliases: '/dev/null',
      qualify_domain: 'h.example',
      log: this.log,
      bounce_limit: '1000000',
      postmaster: POSTMASTER,
      ...settings,
    })
  }

  #start(config: string, name: string, args: readonly string[], call: Call): RunningCommand {
    const { stdin, point = {}, timeout = 120_000 } = call
    const keep = { MQ_TEST_KEEP_QUEUE: this.queueDir, MQ_TEST_KEEP_DIR: this.keepDir }
    const crash = Object.entries(point).map(([key, value]) => [`MQ_TEST_CRASH_${key}`, value] as const)
    return startCommand(name, args, {
      config: join(this.directory, config, 'mailqueue.conf'),
      env: { NODE_OPTIONS: PRELOADS, ...(this.#keeps ? keep : {}), ...Object.fromEntries(crash) },
      timeout,
      ...(stdin === undefined ? {} : { stdin }),
    })
  }

  /** Starts a command with the settings of an account. */
  start(name: string, args: readonly string[], call: Call = {}): RunningCommand {
    const { account = 'plain', spool = 'fallback', point } = call
    if (point !== undefined) this.#interrupted += 1
    return this.#start(`${account}-${spool}`, name, args, call)
  }

  /** Notes that a command is going to be killed. */
  interrupts(): void {
    this.#interrupted += 1
  }

  /** Starts mq-sendmail with a message; how it ends is remembered. */
  submit({ key, sender, recipients, text }: Letter, call: Call = {}): RunningCommand {
    const running = this.start('mq-sendmail', ['-i', '-f', sender, ...recipients], { ...call, stdin: text })
    const result = running.result.then((ended) => {
      const wire = Buffer.from(text.replaceAll('\n', '\r\n'))
      this.#submissions.push({ key, sender, recipients, wire, code: ended.code })
      return ended
    })
    return { child: running.child, result }
  }

  /** Notes that another program has accepted a message. */
  accepted({ key, sender, recipients, text }: Letter): void {
    const wire = Buffer.from(text.replaceAll('\n', '\r\n'))
    this.#submissions.push({ key, sender, recipients, wire, code: 0 })
  }

  /** The messages of the queue, but those that move while it is read. */
  #messages(): Somebody[] {
    return ['new', 'hold', 'failed', 'cur'].flatMap((folder) =>
      namesIn(this.queueDir, folder).flatMap((name) => {
        try {
          const { id, unique, sender, recipients } = readStored(this.queueDir, folder, name)
          return [{ id, unique, sender, recipients: Object.keys(recipients) }]
        } catch {
          // It has moved meanwhile, or it is a bad file.
          return []
        }
      }),
    )
  }

  /** A message of the queue, a report too, by a number from 0 to 1; undefined when there is none. */
  somebody(which: number): Somebody | undefined {
    const all = this.#messages()
    return all[Math.floor(which * all.length)]
  }

  /** The message of a sender, as {@link letter} made it. */
  messageOf(key: string): Somebody | undefined {
    return this.#messages().find(({ sender }) => sender === `a+${key}@s.example`)
  }

  /** Notes that an administrator wanted these gone. */
  deleted(unique: string, recipients: readonly string[], sure: boolean): void {
    this.#deletions.push({ unique, recipients, sure, at: Date.now() })
  }

  /** Puts a file into new/ that is no message. */
  plant(name: string, bytes: string): void {
    const [draft, folder] = [join(this.directory, name), join(this.queueDir, 'new')]
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    writeFileSync(draft, bytes, { mode: 0o600 })
    this.#planted.push(name)
    renameSync(draft, join(folder, name))
  }

  /** Looks at the queue in every way there is, while nothing else runs, and notes what that has changed. */
  async look(): Promise<void> {
    const ids = ['new', 'hold', 'failed', 'cur'].flatMap((folder) => {
      const id = /R([0-9a-f]{12})\./.exec(namesIn(this.queueDir, folder)[0] ?? '')?.[1]
      return id === undefined ? [] : [id.toUpperCase()]
    })
    const ways: [string, ...string[]][] = [
      ['mq-queue', 'list'],
      ['mq-queue', 'list', '--all', '--json'],
      ['mq-queue', 'stats'],
      ['mq-queue', 'check'],
      ['mq-queue', 'fsck', '--dry-run'],
      ['mq-queue', 'delete', '--dry-run', 'ALL'],
      ['mq-sendmail', '-bp'],
      ...ids.map((id): [string, ...string[]] => ['mq-queue', 'show', id]),
    ]
    for (const [name, ...args] of ways) {
      const before = snapshot(this.queueDir)
      await this.start(name, args).result
      const changed = differences(before, snapshot(this.queueDir))
      if (changed.length > 0) this.#disturbed.push(`${name} ${args.join(' ')} changed ${changed.join(' ')}`)
    }
  }

  /** Does something while the server is well. */
  async calmly(name: string, ...args: string[]): Promise<CommandResult> {
    this.#faults.plan = undefined
    return this.#start('calm', name, args, {}).result
  }

  /**
   * Stops the faults, and releases what is held and runs the queue until nothing waits any more. Returns what the
   * last run said.
   */
  async settle(): Promise<CommandResult | undefined> {
    let last: CommandResult | undefined
    const count = (...folders: string[]): number =>
      folders.reduce((sum, folder) => sum + namesIn(this.queueDir, folder).length, 0)
    for (let round = 0; round < QUIET_ROUNDS; round++) {
      if (count('hold') > 0) await this.calmly('mq-queue', 'release', 'ALL')
      last = await this.calmly('mq-run', '--all')
      if (count('new', 'cur', 'hold') === 0) break
    }
    this.#settled = true
    return last
  }

  /** Everything that is known now, for the checker. Nothing may run. */
  evidence(): Evidence {
    return {
      submissions: [...this.#submissions],
      deletions: [...this.#deletions],
      planted: [...this.#planted],
      disturbed: [...this.#disturbed],
      interrupted: this.#interrupted,
      settled: this.#settled,
      postmaster: POSTMASTER,
      transactions: [...this.server.transactions],
      refusals: [...this.server.refusals],
      ...readQueue(this.queueDir, this.keepDir, this.otherDir),
    }
  }

  /** Ends the server and forgets everything. */
  async end(): Promise<void> {
    await this.server.close()
    rmSync(this.directory, { recursive: true, force: true })
  }
}
