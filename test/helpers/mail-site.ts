/**
 * A site for tests of the commands: a directory of its own with a configuration, a queue and an aliases file,
 * and a recording smarthost. Its domain is h.example.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { queueSummary, queuedFiles, type QueuedFile } from './queued-files.ts'
import { runCommand, writeConfig, type CommandOptions, type CommandResult } from './run-command.ts'
import {
  startScriptedServer,
  type RecordedTransaction,
  type Script,
  type ScriptedServer,
} from './scripted-server.ts'

/** Settings in addition to those of the site; undefined takes one away. */
export type Settings = Readonly<Record<string, string | undefined>>

/** A running site. */
export interface MailSite {
  readonly directory: string
  readonly queueDir: string
  /** Path of the configuration file. */
  readonly config: string
  readonly server: ScriptedServer
  /** What the server took, in order. */
  readonly received: readonly RecordedTransaction[]
  /** Runs a command with this configuration. */
  run(name: string, args: readonly string[], options?: CommandOptions): Promise<CommandResult>
  /** Writes the configuration anew. */
  configure(settings: Settings): void
  /** Writes a file in the directory of the site. @returns its path */
  write(name: string, text: string | Buffer): string
  /** Puts a file into new/ as mailqueue-runner or a person would. */
  place(name: string, text: string): void
  queued(): QueuedFile[]
  /** See {@link queueSummary}. */
  queue(): string[]
}

/** Settings of a site whose smarthost cannot be reached: nothing listens on port 1. */
export const DOWN: Settings = { smtp_port: '1' }

/** Who runs the tests, as an address of the site. */
export const CALLER = `${userInfo().username}@h.example`

/** A short message that lacks nothing. */
export const M0 =
  'From: a@s.ex\nTo: one@d.ex\nDate: Sat, 21 Nov 2026 20:12:00 +0000\nMessage-ID: <m0@s.ex>\nSubject: s\n\nbody\n'

/** The same as it goes over the wire. */
export const M0_WIRE = M0.replaceAll('\n', '\r\n')

const REFUSING: Script = {
  rcpt: ({ address }) => {
    if (address.includes('reject')) return '550 5.1.1 no such user'
    return address.includes('defer') ? '451 4.2.0 try again later' : undefined
  },
}

/**
 * Opens a site; it is gone when the test has finished.
 *
 * @param settings in addition to the server, `queue_dir`, `qualify_domain`, `aliases` and `bounce = none`
 * @param script what the server does differently; it refuses recipients with `reject` in their address (550)
 *   and defers those with `defer` (451)
 */
export async function openSite(settings: Settings = {}, script: Script = {}): Promise<MailSite> {
  const directory = mkdtempSync(join(tmpdir(), 'mailqueue-site-'))
  const queueDir = join(directory, 'queue')
  const server = await startScriptedServer({ ...REFUSING, ...script })
  const write = (name: string, text: string | Buffer): string => {
    const path = join(directory, name)
    writeFileSync(path, text, { mode: 0o600 })
    return path
  }
  const configure = (changes: Settings): string => {
    const all: Settings = {
      smtp_hostname: '127.0.0.1',
      smtp_port: String(server.port),
      queue_dir: queueDir,
      qualify_domain: 'h.example',
      aliases: join(directory, 'aliases'),
      bounce: 'none',
      ...changes,
    }
    const given = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined)
    return writeConfig(directory, Object.fromEntries(given))
  }
  onTestFinished(async () => {
    await server.close()
    rmSync(directory, { recursive: true, force: true })
  })
  write('aliases', '')
  const config = configure(settings)
  return {
    directory,
    queueDir,
    config,
    server,
    get received() {
      return server.transactions.filter(({ accepted }) => accepted)
    },
    run: (name, args, options = {}) => runCommand(name, args, { config, ...options }),
    configure: (changes) => void configure(changes),
    write,
    place: (name, text) => {
      for (const folder of ['tmp', 'new', 'cur'])
        mkdirSync(join(queueDir, folder), { recursive: true, mode: 0o700 })
      writeFileSync(join(queueDir, 'new', name), text, { mode: 0o600 })
    },
    queued: () => queuedFiles(queueDir),
    queue: () => queueSummary(queueDir),
  }
}

/** A queued message as mailqueue-runner writes it; `fields` are further lines of the block. */
export function queuedText(recipient: string, date: string, fields: readonly string[] = []): string {
  const lines = [
    'Return-path: <a@s.ex>',
    `Envelope-to: ${recipient}`,
    `X-Queue-Date: ${date}`,
    ...fields,
    'X-Queue-Meta-End: end',
  ]
  return `${lines.join('\r\n')}\r\n${M0_WIRE}`
}
