/**
 * A site with a drop directory, a queue of a user of its own, and other users who may do what anybody on a machine may.
 * Only root can make one.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openSite, type MailSite, type Settings } from './mail-site.ts'
import type { Script } from './scripted-server.ts'
import { canRunWithoutRoot } from './without-root.ts'

const PRELOAD = fileURLToPath(new URL('become-user.cjs', import.meta.url))

/** Who has the queue; no name on this machine. */
export const OWNER = 61_001
/** Two users who have names on every machine. */
export const DAEMON = 1
export const NOBODY = 65_534

/** Only root can become other users; elsewhere these tests are skipped, which the report shows. */
export const canBeOthers = (): boolean => process.getuid?.() === 0 && canRunWithoutRoot()

/** The environment of a command that runs as a user. */
export function as(uid: number): Readonly<Record<string, string>> {
  return { NODE_OPTIONS: `--require ${JSON.stringify(PRELOAD)}`, MQ_TEST_UID: String(uid) }
}

/** How a script of another user ended. */
export interface ScriptResult {
  readonly code: number | null
  readonly said: string
}

/**
 * Runs JavaScript as another user: `fs`, `drop`, `queue` and `site` are there.
 *
 * @returns its exit code and what it said
 */
export function runAs(uid: number, site: DropSite, script: string): ScriptResult {
  const head =
    `const fs = require('node:fs'); const drop = ${JSON.stringify(site.drop)}; ` +
    `const queue = ${JSON.stringify(site.queueDir)}; const site = ${JSON.stringify(site.directory)}; `
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', head + script], {
    uid,
    gid: uid,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '' },
  })
  return { code: status, said: `${stdout}${stderr}` }
}

/** A site with a drop directory. */
export interface DropSite extends MailSite {
  readonly drop: string
  /** What lies in the drop. */
  dropped(): string[]
  /** Runs the queue as its owner. */
  takeOver(): ReturnType<MailSite['run']>
  /** Puts a file into the drop as a user could who writes it himself. @returns its name */
  place(name: string, text: string | Buffer, uid?: number): string
}

let names = 0

/** A name that a message can have. */
export function messageName(fields = ',P=5'): string {
  names += 1
  return `1790000000.R${names.toString(16).padStart(32, '0')}${fields}`
}

/** A dropped file; `fields` are further lines of the block. */
export function droppedText(
  recipient: string,
  {
    sender = 'a@s.ex',
    fields = [],
    body = 'body\r\n',
  }: { sender?: string; fields?: string[]; body?: string } = {},
): string {
  const block = [
    `Return-path: <${sender}>`,
    `Envelope-to: ${recipient}`,
    ...fields,
    'X-Queue-Meta-End: end',
    '',
  ]
  return `${block.join('\r\n')}Subject: s\r\n\r\n${body}`
}

/** Opens a site; it is gone when the test has finished. */
export async function openDropSite(
  settings: Settings = {},
  script: Script = {},
  mode = 0o3733,
): Promise<DropSite> {
  const site = await openSite({}, script)
  const drop = join(site.directory, 'drop')
  site.configure({ submit_dir: drop, ...settings })
  chmodSync(site.directory, 0o755)
  chmodSync(site.config, 0o644)
  chmodSync(join(site.directory, 'aliases'), 0o644)
  mkdirSync(site.queueDir, { mode: 0o700 })
  mkdirSync(drop)
  for (const path of [site.queueDir, drop]) chownSync(path, OWNER, OWNER)
  chmodSync(drop, mode)
  return {
    ...site,
    get received() {
      return site.received
    },
    drop,
    dropped: () => readdirSync(drop).toSorted(),
    takeOver: () => site.run('mq-run', [], { env: as(OWNER) }),
    place: (name, text, uid = NOBODY) => {
      const path = join(drop, name)
      writeFileSync(path, text)
      chownSync(path, uid, OWNER)
      chmodSync(path, 0o640)
      return name
    },
  }
}
