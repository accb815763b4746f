/**
 * What this site lacks so that some mail waits although its account works, such as the key of a signature: a note of the
 * queue, so that a run tells people when it begins and not each time. Messages that wait for it are due in every run, so a
 * run that has looked at everything knows all there is. A note is a hint: one that is lost is told once more.
 */
import { DEFAULT_ACCOUNT } from '../config/account-name.ts'
import type { QueueStore } from '../queue/store.ts'
import type { Lane } from './lane.ts'
import type { RunReport, SiteFault } from './run-report.ts'

const NOTE = 'faults'

/** What is lacking, by the account. */
export type KnownFaults = ReadonlyMap<string, string>

/** Reads the note. */
export async function readFaults(queue: QueueStore): Promise<KnownFaults> {
  try {
    const value: unknown = JSON.parse((await queue.readNote(NOTE)) ?? '{}')
    const entries = Object.entries(typeof value === 'object' && value !== null ? value : {})
    return new Map(entries.flatMap(([name, why]) => (typeof why === 'string' ? [[name, why] as const] : [])))
  } catch {
    return new Map()
  }
}

/** Leaves the note; it is removed when nothing is lacking. */
async function noteFaults(queue: QueueStore, faults: KnownFaults): Promise<void> {
  const text = faults.size === 0 ? undefined : `${JSON.stringify(Object.fromEntries(faults))}\n`
  await queue.writeNote(NOTE, text).catch(() => undefined)
}

const nameOf = ({ way }: Lane): string => way.account ?? DEFAULT_ACCOUNT

/** What a run has found out about its accounts. */
export interface FaultsOfRun {
  readonly lanes: Iterable<Lane>
  readonly report: RunReport
  /** It has looked at everything that is due. */
  readonly whole: boolean
}

/**
 * Puts what is lacking into the report of a run, and notes it for the next one.
 *
 * What a run has not looked at stays as it was known.
 */
export async function reportFaults(queue: QueueStore, { lanes, report, whole }: FaultsOfRun): Promise<void> {
  const known = await readFaults(queue)
  const found = new Map<string, SiteFault>()
  const open = new Set<string>()
  for (const lane of lanes) {
    const name = nameOf(lane)
    if (lane.stopped !== undefined) open.add(name)
    if (lane.fault === undefined || found.has(name)) continue
    const { account } = lane.way
    const fault = { reason: lane.fault, isNew: known.get(name) !== lane.fault }
    found.set(name, account === undefined ? fault : { ...fault, account })
  }
  report.faults.push(...found.values())
  const kept = [...known].filter(([name]) => !found.has(name) && (!whole || open.has(name)))
  const now = new Map([...kept, ...[...found].map(([name, { reason }]) => [name, reason] as const)])
  if (JSON.stringify([...now].sort()) !== JSON.stringify([...known].sort())) await noteFaults(queue, now)
}
