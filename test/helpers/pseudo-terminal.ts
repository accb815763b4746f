/**
 * A command at a terminal: script(1) of util-linux opens a pseudo-terminal and runs it there, so prompts appear,
 * what is typed is echoed, and ^C and ^D are what they are for a person. Needs bash, for its quoting of arguments.
 */
import { execFileSync } from 'node:child_process'
import { startCommand, type CommandOptions } from './run-command.ts'

/** A command whose terminal is this test. */
export interface AtTerminal {
  /** All that has appeared on the screen so far, what was typed included. */
  screen(): string
  /** Types a text. */
  type(text: string): void
  /** Resolves as soon as the screen shows this; rejects when the command ends without showing it. */
  shows(pattern: RegExp): Promise<void>
  /** How the command ended. */
  readonly ended: Promise<{ readonly code: number | null; readonly screen: string }>
}

/** Whether there is a script(1) that can do this. */
export function hasPseudoTerminals(): boolean {
  try {
    return execFileSync('script', ['--version'], { encoding: 'utf8' }).includes('util-linux')
  } catch {
    return false
  }
}

const THROUGH = [
  'bash',
  '-c',
  'exec script --quiet --flush --return --command "exec $(printf "%q " "$@")" /dev/null',
  'bash',
]

/**
 * Starts a command at a terminal of its own.
 *
 * @param name the command, such as `mq-mail`
 */
export function startAtTerminal(name: string, args: readonly string[], options: CommandOptions): AtTerminal {
  const { child, result } = startCommand(name, args, {
    ...options,
    through: THROUGH,
    staysOpen: true,
    env: { SHELL: '/bin/sh', TERM: 'dumb', ...options.env },
  })
  let screen = ''
  let over = false
  const watchers = new Set<() => void>()
  const look = (): void => {
    for (const watcher of watchers) watcher()
  }
  child.stdout?.on('data', (chunk: Buffer) => {
    screen += chunk.toString().replaceAll('\r\n', '\n')
    look()
  })
  const ended = result.then(({ code }) => ({ code, screen }))
  const close = (): void => {
    over = true
    look()
  }
  ended.then(close, close)
  const shows = (pattern: RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      const watcher = (): void => {
        if (pattern.test(screen)) resolve()
        else if (over)
          reject(new Error(`the screen never showed ${String(pattern)}: ${JSON.stringify(screen)}`))
        else return
        watchers.delete(watcher)
      }
      watchers.add(watcher)
      watcher()
    })
  return { screen: () => screen, type: (text) => void child.stdin?.write(text), shows, ended }
}
