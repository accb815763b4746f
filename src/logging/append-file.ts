/**
 * Lines appended to a file, for everything that writes a log. Each line is one write to a file opened with
 * O_APPEND, so several processes may share the file and nothing waits in memory when the process ends. The file
 * may be renamed at any time: the next line goes to a new one. Nothing here ever throws or waits: what cannot be opened or
 * written is complained about once and then dropped, because a log must not stop a mail. Of a line that a full disk cut
 * off, the rest is dropped, and the next line begins on a line of its own. In the directory of another user root follows
 * no link, and what it makes is theirs.
 */
import { closeSync, constants, fstatSync, openSync, statSync, writeSync, type Stats } from 'node:fs'
import { dirname } from 'node:path'
import { describeError } from '../errors/errno.ts'
import { foreignOwner, openAsGuest } from '../util/durable-file.ts'
import type { Complain } from './complain.ts'

const MODE = 0o640
/** Without O_NONBLOCK, opening a named pipe nobody reads would wait forever. */
const FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_NONBLOCK | constants.O_NOCTTY

/** Writes lines to one place. */
export interface LineWriter {
  /** Writes the text as it is, line end included. */
  write(line: string): void
  /** Frees the file. A later `write` opens it again. */
  close(): void
}

/** Passes on the first line. */
export function once(complain: Complain): Complain {
  let said = false
  return (line) => {
    if (said) return
    said = true
    complain(line)
  }
}

/** @returns why the line was cut off; undefined when it is there */
function writeWhole(fd: number, line: string): Error | undefined {
  const bytes = Buffer.from(line)
  const written = writeSync(fd, bytes)
  return written < bytes.length ? new Error('it took only a part of a line') : undefined
}

/** Writes lines to a descriptor that may take only a part of one. */
function lineByLine(): (fd: number, line: string) => void {
  let isCut = false
  return (fd, line) => {
    const why = writeWhole(fd, isCut ? `\n${line}` : line)
    isCut = why !== undefined
    if (why !== undefined) throw why
  }
}

/** The directory of a log often belongs to the owner of the queue: root makes its file theirs, and follows no link there. */
function openLog(path: string): number {
  return foreignOwner(dirname(path)) === undefined
    ? openSync(path, FLAGS | constants.O_CREAT, MODE)
    : openAsGuest(path, FLAGS, MODE)
}

function sameFile(left: Stats, right: Stats | undefined): boolean {
  return right !== undefined && left.ino === right.ino && left.dev === right.dev
}

/**
 * A writer for a file, which is created with mode 0640 (less the umask) at the first line.
 *
 * @param path absolute path
 * @param complain gets one line the first time the file cannot be written, and never again
 */
export function appendFileWriter(path: string, complain: Complain): LineWriter {
  const complainOnce = once(complain)
  const writeLine = lineByLine()
  let open: { readonly fd: number; readonly stats: Stats } | undefined
  const close = (): void => {
    if (open === undefined) return
    const { fd } = open
    open = undefined
    closeSync(fd)
  }
  const current = (): number => {
    if (open !== undefined && sameFile(open.stats, statSync(path, { throwIfNoEntry: false }))) return open.fd
    close()
    const fd = openLog(path)
    open = { fd, stats: fstatSync(fd) }
    return fd
  }
  return {
    write: (line) => {
      try {
        writeLine(current(), line)
      } catch (error) {
        complainOnce(`cannot write the log ${path}: ${describeError(error)}; logging there is incomplete`)
      }
    },
    close,
  }
}

/** A writer for a descriptor that is open already, such as 2 for stderr. It is not closed. */
export function descriptorWriter(fd: number, complain: Complain): LineWriter {
  const complainOnce = once(complain)
  const writeLine = lineByLine()
  return {
    write: (line) => {
      try {
        writeLine(fd, line)
      } catch (error) {
        complainOnce(`cannot write the log to descriptor ${fd}: ${describeError(error)}`)
      }
    },
    close: () => undefined,
  }
}
