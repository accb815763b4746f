/**
 * Runs the commands of this project as child processes, the way a shell would. A child sees only what the test
 * gives it: no configuration of the machine, no home directory, none of the caller's Node.js settings. A child
 * that does not end in time is killed, and the promise rejects with what it said until then.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The directory of the commands. */
export const BIN = fileURLToPath(new URL('../../bin/', import.meta.url))

/** Milliseconds after which a child is taken to hang. */
const PATIENCE = 30_000

/** How a command is run. */
export interface CommandOptions {
  /** What it reads; nothing when left out. */
  readonly stdin?: string | Buffer
  /** Leaves standard input open, for tests that go on writing. */
  readonly staysOpen?: boolean
  /** Added to the environment; `NODE_OPTIONS` is passed on as it is. */
  readonly env?: Readonly<Record<string, string>>
  /** Its working directory; that of the tests when left out. */
  readonly cwd?: string
  /** A program with its first arguments that starts the command, such as `unshare`. */
  readonly through?: readonly string[]
  /** Path of the configuration, for MAILQUEUE_CONF. */
  readonly config?: string
  /** Milliseconds until a child that does not end is killed and the promise rejects; 30,000 when left out. */
  readonly timeout?: number
}

/** How a command ended. */
export interface CommandResult {
  /** Null when a signal ended it. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** A command that is running. */
export interface RunningCommand {
  readonly child: ChildProcess
  readonly result: Promise<CommandResult>
}

const NOT_INHERITED = /^(MAILQUEUE_|MQ_|NODE_|VITEST|npm_|HOME$|MAILCONFIG$|LOGNAME$|USER$|EMAIL$)/

function environment({ env = {}, config }: CommandOptions): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !NOT_INHERITED.test(name))
  return {
    ...Object.fromEntries(inherited),
    HOME: '/nonexistent',
    ...(config === undefined ? {} : { MAILQUEUE_CONF: config }),
    ...env,
  }
}

/**
 * Starts a command and does not wait for it, for tests that send it signals.
 *
 * @param name the command, such as `mq-run`
 */
export function startCommand(
  name: string,
  args: readonly string[],
  options: CommandOptions = {},
): RunningCommand {
  const words = [...(options.through ?? []), process.execPath, join(BIN, name), ...args]
  const child = spawn(words[0] ?? process.execPath, words.slice(1), {
    env: environment(options),
    cwd: options.cwd,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const said = { stdout: new Array<Buffer>(), stderr: new Array<Buffer>() }
  child.stdout.on('data', (chunk: Buffer) => said.stdout.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => said.stderr.push(chunk))
  // A command may end without reading what it is given.
  child.stdin.on('error', () => undefined)
  child.stdin.write(options.stdin ?? '')
  if (options.staysOpen !== true) child.stdin.end()
  const text = (): { stdout: string; stderr: string } => ({
    stdout: Buffer.concat(said.stdout).toString(),
    stderr: Buffer.concat(said.stderr).toString(),
  })
  const result = new Promise<CommandResult>((resolve, reject) => {
    const patience = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`${name} ${args.join(' ')} did not end: ${JSON.stringify(text())}`))
    }, options.timeout ?? PATIENCE)
    child.once('error', reject)
    child.once('close', (code, signal) => {
      clearTimeout(patience)
      resolve({ code, signal, ...text() })
    })
  })
  return { child, result }
}

/**
 * Runs a command to its end.
 *
 * @param name the command, such as `mq-sendmail`
 */
export function runCommand(
  name: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  return startCommand(name, args, options).result
}

/**
 * Writes a configuration file that only its owner can read.
 *
 * @param dir an existing directory
 * @param lines options and their values
 * @returns the path of the file
 */
export function writeConfig(dir: string, lines: Readonly<Record<string, string>>): string {
  const path = join(dir, 'mailqueue.conf')
  const text = Object.entries(lines).map(([name, value]) => `${name} = ${value}\n`)
  writeFileSync(path, `[mailqueue]\n${text.join('')}`, { mode: 0o600 })
  return path
}
