/**
 * A terminal that went away while a command ran. Node puts every terminal of the standard descriptors back as it was
 * when a process ends, and aborts when that fails; so the process lets go of those that are gone. Never fails.
 */
import { closeSync } from 'node:fs'
import { isDevice, isTerminal } from './is-terminal.ts'

const STANDARD = [0, 1, 2] as const

/** To be called when the process ends and has written all that it had to say. */
export function closeLostTerminals(): void {
  for (const fd of STANDARD) {
    if (isDevice(fd) && !isTerminal(fd)) closeSync(fd)
  }
}
