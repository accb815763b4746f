/** A directory that mq-configure writes into, and a smarthost with TLS that wants a login, for its tests. */
import { chownSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { TestCertificates } from '../helpers/certificates.ts'
import { runCommand, type CommandOptions, type CommandResult } from '../helpers/run-command.ts'
import { startScriptedServer, type Script, type ScriptedServer } from '../helpers/scripted-server.ts'
import { WITHOUT_ROOT } from '../helpers/without-root.ts'

export const PASSWORD = 'p;ss #w${HOME} "x"'
const AUTH = `AUTH PLAIN ${Buffer.from(`\0ann@site.example\0${PASSWORD}`).toString('base64')}`

/** The site. */
export interface ConfigureSite {
  readonly directory: string
  /** The file that mq-configure is to write. */
  readonly file: string
  readonly server: ScriptedServer
  /** The address, the server and the queue: what every call has to say. */
  readonly args: readonly string[]
  configure(args: readonly string[], options?: CommandOptions): Promise<CommandResult>
  /** As a user who is not root. */
  readonly asUser: Readonly<Record<string, string>>
  read(name: string): string
  mode(name: string): string
  /** The names in the directory. */
  names(): string[]
}

/**
 * Opens a site; it is gone when the test has finished.
 *
 * @param script what the server does differently
 */
export async function openConfigureSite(made: TestCertificates, script: Script = {}): Promise<ConfigureSite> {
  const directory = mkdtempSync(join(tmpdir(), 'mailqueue-configure-'))
  if (process.getuid?.() === 0) chownSync(directory, 65534, 65534)
  const server = await startScriptedServer({
    extensions: ['STARTTLS', 'AUTH PLAIN'],
    starttls: '220 go',
    auth: ({ line }) => (line === AUTH ? '235 2.7.0 ok' : '535 5.7.8 no'),
    tls: { key: made.server.key, cert: made.server.cert },
    ...script,
  })
  onTestFinished(async () => {
    await server.close()
    rmSync(directory, { recursive: true, force: true })
  })
  const file = join(directory, 'mailqueue.conf')
  const args = [
    ...['ann@site.example', '--host=localhost', `--port=${server.port}`],
    ...[`--set=tls_ca=${made.ca.certFile}`, `--set=queue_dir=${join(directory, 'queue')}`],
  ]
  return {
    directory,
    file,
    server,
    args,
    configure: (more, options = {}) =>
      runCommand('mq-configure', [...args, `--output=${file}`, ...more], {
        ...options,
        env: { HOME: directory, ...options.env },
      }),
    asUser: { ...WITHOUT_ROOT },
    read: (name) => readFileSync(join(directory, name), 'utf8'),
    mode: (name) =>
      existsSync(join(directory, name)) ? (statSync(join(directory, name)).mode & 0o777).toString(8) : 'none',
    names: () => readdirSync(directory).toSorted(),
  }
}
