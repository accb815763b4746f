/**
 * A terminal that went away while a command ran. Node puts every terminal of the standard descriptors back as it was
 * when a process ends, and aborts when that fails; so the process lets go of those that are gone. Never fails.
 */
import { closeSync, fstatSync, statSync } from 'node:fs'

const STANDARD = [0, 1, 2] as const

/** True for a device that is none of the kind that cron and services give, and no terminal that is still there. */
function isLost(fd: number): boolean {
  try {
    const stat = fstatSync(fd)
    if (!stat.isCharacterDevice() || stat.rdev === statSync('/dev/null').rdev) return false
    // Loaded for terminals only: it takes milliseconds.
    return !process.getBuiltinModule('node:tty').isatty(fd)
  } catch {
    return false
  }
}

/** To be called when the process ends and has written all that it had to say. */
export function closeLostTerminals(): void {
  for (const fd of STANDARD) {
    if (isLost(fd)) closeSync(fd)
  }
}
