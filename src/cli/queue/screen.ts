/**
 * A screen that is drawn over and over on the terminal of standard output. Whatever ends the process, the terminal
 * is as it was before. What is drawn passes through the same filter as all text: only the controls of this file
 * reach the terminal.
 */
import type { Terminal } from '../exit.ts'

/** A terminal that is drawn on. */
export interface Screen {
  /** Replaces what is seen. Lines too many are left out, lines too long are cut by the terminal. */
  draw(lines: readonly string[]): void
  /** Resolves to false once somebody wants to end: with q, ^C, or a signal. */
  wait(ms: number): Promise<boolean>
  /** Gives the terminal back. */
  close(): void
}

/** Another page, no cursor, no line breaks by the terminal; and back. */
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l'
const LEAVE = '\x1b[?7h\x1b[?25h\x1b[?1049l'
const HOME = '\x1b[H'
const END_OF_LINE = '\x1b[K'
const END_OF_SCREEN = '\x1b[J'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const isEnd = (keys: Buffer): boolean => ['q', 'Q', '\x03', '\x04'].some((key) => keys.includes(key))

/** Listens for whoever wants to end. */
function listen(onEnd: () => void): () => void {
  const { stdin } = process
  const onKey = (keys: Buffer): void => {
    if (isEnd(keys)) onEnd()
  }
  for (const signal of SIGNALS) process.on(signal, onEnd)
  if (stdin.isTTY) stdin.setRawMode(true).on('data', onKey).resume()
  return () => {
    for (const signal of SIGNALS) process.off(signal, onEnd)
    if (stdin.isTTY) stdin.off('data', onKey).pause().setRawMode(false)
  }
}

/** Lines of a terminal that does not say how many it has. */
const USUAL_ROWS = 24

/** Takes over the terminal that standard output goes to; `close` gives it back. */
export function openScreen(terminal: Terminal): Screen {
  const control = (sequence: string): void => terminal.printBytes(Buffer.from(sequence))
  let ended = false
  let wake: (() => void) | undefined
  const silence = listen(() => {
    ended = true
    wake?.()
  })
  let open = true
  const close = (): void => {
    if (!open) return
    open = false
    process.off('exit', close)
    silence()
    control(LEAVE)
  }
  process.on('exit', close)
  control(ENTER)
  return {
    draw: (lines) => {
      const { rows } = process.stdout
      control(HOME)
      for (const [at, line] of lines.slice(0, rows > 0 ? rows : USUAL_ROWS).entries()) {
        if (at > 0) control('\r\n')
        terminal.print(line.replaceAll(/[\n\t]/g, ' '))
        control(END_OF_LINE)
      }
      control(END_OF_SCREEN)
    },
    wait: async (ms) => {
      if (ended) return false
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
      wake = undefined
      return !ended
    },
    close,
  }
}
