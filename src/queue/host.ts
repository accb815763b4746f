/**
 * Who this process is, in a way that another process can check later: host, boot and process start time, so
 * that a pid which was given to somebody else does not pass for a live runner.
 */
import { readFileSync, readlinkSync } from 'node:fs'
import { hostName } from '../util/host-name.ts'

/** What identifies a process on a host for as long as the process lives. */
export interface ProcessIdentity {
  readonly host: string
  /** The machine, where the system can tell it: two hosts may share a name. */
  readonly machine: string
  /** Changes at each boot of the host. */
  readonly boot: string
  /** The pid namespace: the same pid means somebody else in another container. */
  readonly namespace: string
  readonly pid: number
  /** When the process started, in the kernel's own ticks; empty where the system does not say. */
  readonly start: string
}

/** What can be said of another process. */
export type Liveness = 'alive' | 'gone' | 'unknown'

function firstLine(path: string): string {
  try {
    return readFileSync(path, 'utf8').split('\n')[0] ?? ''
  } catch {
    return ''
  }
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return ''
  }
}

/** Fields 3 and 22 of /proc/PID/stat (proc(5)); the command name before them may hold blanks and parentheses. */
function processStat(pid: number): { readonly state: string; readonly start: string } {
  const stat = firstLine(`/proc/${pid}/stat`)
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { state: fields[0] ?? '', start: fields[19] ?? '' }
}

/** The identity of this process. */
export function thisProcess(): ProcessIdentity {
  return {
    host: hostName(),
    machine: firstLine('/etc/machine-id'),
    boot: firstLine('/proc/sys/kernel/random/boot_id'),
    namespace: pidNamespace(),
    pid: process.pid,
    start: processStat(process.pid).start,
  }
}

function pidExists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it exists and belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/**
 * Whether a process still lives, as far as this one can see: `unknown` for processes of other hosts and other
 * containers, where only the lease can tell.
 */
export function liveness(other: ProcessIdentity, self: ProcessIdentity): Liveness {
  if (other.host !== self.host || other.machine !== self.machine) return 'unknown'
  // Without a machine id it may be another host of the same name, and another kernel that is running.
  if (other.boot !== self.boot) return self.machine === '' ? 'unknown' : 'gone'
  if (other.namespace !== self.namespace) return 'unknown'
  if (!pidExists(other.pid)) return 'gone'
  const { state, start } = processStat(other.pid)
  // Dead, and its parent has not asked for its exit status: in a container perhaps nobody ever does.
  if (state === 'Z' || state === 'X') return 'gone'
  if (start === other.start) return 'alive'
  // Processes of other users may be hidden: then only the lease tells.
  return start === '' ? 'unknown' : 'gone'
}
