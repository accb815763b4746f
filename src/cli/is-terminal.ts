/**
 * Whether a descriptor is a terminal. Pipes, files and /dev/null, which is what cron and services give, are told apart
 * without node:tty and without the stream of the descriptor, which take milliseconds to load. Never fails: what is
 * closed is no terminal.
 */
import { fstatSync, statSync } from 'node:fs'

/** True for a device that is not /dev/null: a terminal, or what was one before it went away. */
export function isDevice(fd: number): boolean {
  try {
    const stat = fstatSync(fd)
    return stat.isCharacterDevice() && stat.rdev !== statSync('/dev/null').rdev
  } catch {
    return false
  }
}

/** True for a terminal that is there. */
export function isTerminal(fd: number): boolean {
  return isDevice(fd) && process.getBuiltinModule('node:tty').isatty(fd)
}
