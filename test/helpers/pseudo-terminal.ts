/**
 * Runs a shell command on a pseudo-terminal, by script(1) of util-linux, and types what a test says as soon as the
 * terminal shows what it waits for. Nothing here waits for a time.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { Readable, Writable } from 'node:stream'

/** False where there is no script(1); every Debian has it. */
export const HAS_TERMINAL = existsSync('/usr/bin/script')

/** What is waited for, behind what was waited for before, and what is typed then. */
export type Exchange = readonly [shown: string, keys: string]

/** Typed as keys: the end of input and the interrupt. */
export const KEYS = { end: '\x04', interrupt: '\x03' } as const

/** How it went. */
export interface Conversation {
  /** Everything that reached the terminal. */
  readonly screen: string
  /** What the command wrote to descriptor 3. */
  readonly report: string
  readonly code: number | null
}

/**
 * Runs a command.
 *
 * @param command for /bin/sh
 * @param exchanges in order; the keys `hangup` take the terminal away
 */
export async function converse(
  command: string,
  exchanges: readonly Exchange[],
  env: Readonly<Record<string, string>> = {},
): Promise<Conversation> {
  const child = spawn('script', ['-qefc', command, '/dev/null'], {
    env: { ...process.env, TERM: 'dumb', SHELL: '/bin/sh', ...env },
    stdio: ['pipe', 'pipe', 'inherit', 'pipe'],
  }) as ChildProcessByStdio<Writable, Readable, null>
  const { stdin: keyboard, stdout: output } = child
  const side = child.stdio[3]
  const report: Buffer[] = []
  side?.on('data', (chunk: Buffer) => report.push(chunk))
  const left = [...exchanges]
  let screen = ''
  let seen = 0
  output.setEncoding('utf8').on('data', (text: string) => {
    screen += text
    for (let [next] = left; next !== undefined; [next] = left) {
      const at = screen.indexOf(next[0], seen)
      if (at === -1) return
      seen = at + next[0].length
      left.shift()
      if (next[1] === 'hangup') child.kill('SIGKILL')
      else keyboard.write(next[1])
    }
  })
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve))
  const code = await closed
  keyboard.destroy()
  return { screen, report: Buffer.concat(report).toString(), code }
}
