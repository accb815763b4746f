/**
 * Unguessable octets. They are read from the system's own source, which takes microseconds, where loading
 * node:crypto for them would take longer than everything else a short command does before it connects.
 */
import { randomBytes } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'

function fromDevice(count: number): Buffer | undefined {
  let fd: number | undefined
  try {
    fd = openSync('/dev/urandom', 'r')
    const octets = Buffer.alloc(count)
    return readSync(fd, octets, 0, count, null) === count ? octets : undefined
  } catch {
    return undefined
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

/** As many random octets as asked for, fit for secrets. */
export function randomOctets(count: number): Buffer {
  return fromDevice(count) ?? randomBytes(count)
}
