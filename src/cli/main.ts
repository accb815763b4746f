/**
 * Starts a command under the name it was called by. Whatever it makes is closed to others; the queue is private by
 * the modes of its own files.
 */
import { basename } from 'node:path'
import { AllDone } from './all-done.ts'
import { runProgram, type EndCode, type Terminal } from './exit.ts'

/** Runs a command and ends the process. */
export function runCommand(command: (terminal: Terminal) => Promise<EndCode>): void {
  process.umask(0o027)
  const program = basename(process.argv[1] ?? 'mailqueue')
  void runProgram(program, async (terminal) => {
    try {
      return await command(terminal)
    } catch (error) {
      if (error instanceof AllDone) return error.exitCode
      throw error
    }
  })
}
