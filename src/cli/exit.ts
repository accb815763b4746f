/**
 * The one way in and out of every command. Whatever happens, the process ends with a code of sysexits.h (a probe
 * with one of its own), a failure has said one line on standard error, and nothing that was written to standard output is lost.
 */
import { writeSync } from 'node:fs'
import { describeError, errnoOf, fileFault } from '../errors/errno.ts'
import { MailError } from '../errors/mail-error.ts'
import type { ProbeStatus } from '../errors/probe-status.ts'
import { EX, type ExitCode } from '../errors/sysexits.ts'
import { pluginsAreLoaded } from '../plugins/loaded.ts'
import { allFinished } from '../util/unfinished.ts'
import { isTerminal } from './is-terminal.ts'
import { closeLostTerminals } from './lost-terminal.ts'
import { printable } from './printable.ts'

/** What a process can end with: a code of sysexits.h, or what a monitoring probe has found. */
export type EndCode = ExitCode | ProbeStatus

/** What a command may touch of its process. */
export interface Terminal {
  /** The name the command was called by, for messages. */
  readonly program: string
  /** Arguments after the command's name. */
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  /** True when a person sees what goes to standard error. */
  readonly interactive: boolean
  /** True when standard output goes to a terminal. */
  readonly shown: boolean
  /** Writes to standard output. */
  print(text: string): void
  /** Writes to standard output what only guides whoever types there: it is no failure when it is lost. */
  guide(text: string): void
  /** Writes to standard output byte for byte: never bytes of a message to a terminal. */
  printBytes(bytes: Buffer): void
  /** Writes one line to standard error, after the program's name. */
  complain(line: string): void
}

/** Takes an error that nobody caught, and ends the process itself. */
type FaultHandler = (error: unknown) => void

let onFault: FaultHandler | undefined

/** From now on errors that nobody caught are told instead of ending the process at once: there are claims to give back. */
export function handleFaults(handler: FaultHandler): void {
  onFault = handler
}

/** How long to leave a full pipe to its reader, in milliseconds. */
const BREATH = 5

/** Stops the whole program for a moment. */
function breathe(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BREATH)
}

/** Writes everything, also to a pipe that is not ready. Returns the error when the rest is lost. */
function writeFully(fd: number, text: string | Buffer): unknown {
  const bytes = Buffer.from(text)
  let written = 0
  while (written < bytes.length) {
    try {
      written += writeSync(fd, bytes, written)
    } catch (error) {
      if (errnoOf(error) !== 'EAGAIN') return error
      breathe()
    }
  }
  return undefined
}

/** The terminal of this process. */
function processTerminal(program: string): Terminal & { readonly lostOutput: unknown } {
  let lostOutput: unknown
  return {
    program,
    args: process.argv.slice(2),
    env: process.env,
    get interactive() {
      return isTerminal(2)
    },
    get shown() {
      return isTerminal(1)
    },
    print: (text) => {
      lostOutput ??= writeFully(1, printable(text))
    },
    guide: (text) => {
      writeFully(1, printable(text))
    },
    printBytes: (bytes) => {
      lostOutput ??= writeFully(1, bytes)
    },
    complain: (line) => {
      writeFully(2, `${program}: ${printable(line.replace(/[\r\n]+/g, ' '))}\n`)
    },
    get lostOutput() {
      return lostOutput
    },
  }
}

/** What was asked for on standard output did not get there. A reader that had enough (EPIPE) is no failure. */
function checkOutput(lost: unknown): void {
  if (lost === undefined || errnoOf(lost) === 'EPIPE') return
  throw new MailError(
    'QUEUE_IO',
    `cannot write to standard output: ${describeError(lost)}; what was to be shown is incomplete`,
  )
}

function failed(terminal: Terminal, error: unknown): ExitCode {
  const known = error instanceof MailError ? error : fileFault(error)
  if (known !== undefined) {
    terminal.complain(known.publicMessage)
    return known.exitCode
  }
  // Said by scripts/start-command.cjs.
  if (errnoOf(error) === 'EREPLACED') {
    terminal.complain(`${describeError(error)}; try again`)
    return EX.TEMPFAIL
  }
  terminal.complain(`internal error: ${describeError(error)}; please report it`)
  return EX.SOFTWARE
}

/** Prints the stack of a failure when MAILQUEUE_DEBUG is set: for developers, never by default. */
function debugStack(terminal: Terminal, error: unknown): void {
  if ((terminal.env['MAILQUEUE_DEBUG'] ?? '') === '' || !(error instanceof Error)) return
  writeFully(2, `${error.stack ?? ''}\n`)
}

/** Runs a command and ends the process with its exit code. */
export async function runProgram(
  program: string,
  main: (terminal: Terminal) => Promise<EndCode>,
): Promise<never> {
  const terminal = processTerminal(program)
  // Without a listener this signal would open the debugger, to everybody on this machine.
  process.on('SIGUSR1', () => undefined)
  const end = (error: unknown): never => {
    debugStack(terminal, error)
    process.exit(failed(terminal, error))
  }
  // Code of a plug-in runs in this process: what it throws later must not end a delivery half way.
  process.on('uncaughtException', (error) => {
    if (!pluginsAreLoaded() && onFault === undefined) end(error)
    debugStack(terminal, error)
    if (!pluginsAreLoaded()) return onFault?.(error)
    terminal.complain(`an error was thrown outside of a delivery: ${describeError(error)}`)
  })
  let result: EndCode | undefined
  process.on('exit', (code) => {
    // The work is done, and what a plug-in does at its end changes nothing about it.
    if (result !== undefined) process.exitCode = result
    // Nobody but this function may say that all went well.
    if (result !== undefined || code !== EX.OK) return
    terminal.complain('the process was ended before its work was done, perhaps by a plug-in; try again')
    process.exitCode = EX.TEMPFAIL
  })
  process.on('exit', closeLostTerminals)
  // A promise that a plug-in left alone must not end a delivery.
  process.on('unhandledRejection', (error) => {
    debugStack(terminal, error)
    if (!pluginsAreLoaded()) onFault?.(error)
    terminal.complain(`an error was not handled: ${describeError(error)}`)
  })
  try {
    const exitCode = await main(terminal)
    if (exitCode === EX.OK) checkOutput(terminal.lostOutput)
    result = exitCode
    await allFinished()
    process.exit(exitCode)
  } catch (error) {
    await allFinished()
    return end(error)
  }
}
