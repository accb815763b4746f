/**
 * The name of this host, as gethostname(2) has it. Linux also shows it as a file, which a process that lives for a moment
 * reads in less time than it takes to load `node:os`. Never fails.
 */
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { remembered } from './remembered.ts'

const KERNEL_HOSTNAME = '/proc/sys/kernel/hostname'

function shownByKernel(): string {
  try {
    return readFileSync(KERNEL_HOSTNAME, 'utf8').trimEnd()
  } catch {
    return ''
  }
}

/** The host's name, as it was within the last minute. */
export const hostName = remembered(() => (process.platform === 'linux' ? shownByKernel() : '') || hostname())
