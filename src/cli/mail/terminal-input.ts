/**
 * What a person types on the terminal of standard input, line by line. The terminal stays as it is: it edits the lines
 * itself and makes the signals. The end of input, typed with ^D, is an event like a line, and reading goes on after it.
 * A terminal that went away is never taken for the end of a mail.
 */
import { isatty, ReadStream } from 'node:tty'

/** What happened on the terminal. */
export type TerminalEvent =
  /** The line without its end. */
  | { readonly kind: 'line'; readonly bytes: Buffer }
  | { readonly kind: 'end' }
  /** ^C; what was typed of the present line is gone. */
  | { readonly kind: 'interrupt' }
  /** Nobody will type any more: the terminal is gone, or the process is asked to end. */
  | { readonly kind: 'hangup' }

/** Where a person types. */
export interface TerminalInput {
  /** Waits for what comes next. Must not be called again before it resolves. */
  next(): Promise<TerminalEvent>
  /** Stops listening; signals have their usual effect again. */
  close(): void
}

const HANGUPS = ['SIGHUP', 'SIGTERM'] as const
const LF = 10

/** Cuts what came into lines. @returns the rest, which has no line end yet */
function eachLine(text: Buffer, take: (line: Buffer) => void): Buffer {
  let start = 0
  for (let end = text.indexOf(LF); end !== -1; end = text.indexOf(LF, start)) {
    take(text.subarray(start, end))
    start = end + 1
  }
  return text.subarray(start)
}

/** Events that wait until somebody asks for them. */
function eventQueue() {
  const waiting: TerminalEvent[] = []
  let wanted: ((event: TerminalEvent) => void) | undefined
  return {
    push: (event: TerminalEvent): void => {
      if (wanted === undefined) waiting.push(event)
      else wanted(event)
      wanted = undefined
    },
    shift: (): Promise<TerminalEvent> => {
      const event = waiting.shift()
      if (event !== undefined) return Promise.resolve(event)
      return new Promise((resolve) => (wanted = resolve))
    },
  }
}

/** Begins to read the terminal of standard input. */
export function openTerminalInput(): TerminalInput {
  const events = eventQueue()
  let stream: ReadStream | undefined
  let rest = Buffer.alloc(0)
  const lost = (): void => events.push({ kind: 'hangup' })
  const interrupted = (): void => {
    rest = Buffer.alloc(0)
    events.push({ kind: 'interrupt' })
  }
  const ended = (): void => {
    stream?.destroy()
    stream = undefined
    if (rest.length > 0) events.push({ kind: 'line', bytes: rest })
    rest = Buffer.alloc(0)
    // Reading from a terminal that is gone gives an end of input as well.
    events.push({ kind: isatty(0) ? 'end' : 'hangup' })
  }
  const open = (): ReadStream =>
    new ReadStream(0)
      .on('data', (chunk: Buffer) => {
        rest = Buffer.from(
          eachLine(Buffer.concat([rest, chunk]), (bytes) => events.push({ kind: 'line', bytes })),
        )
      })
      .on('end', ended)
      .on('error', lost)
  process.on('SIGINT', interrupted)
  for (const name of HANGUPS) process.on(name, lost)
  return {
    next: () => {
      stream ??= open()
      return events.shift()
    },
    close: () => {
      process.off('SIGINT', interrupted)
      for (const name of HANGUPS) process.off(name, lost)
      stream?.destroy()
    },
  }
}
