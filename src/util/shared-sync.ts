/**
 * One directory sync for all who wait for one. A sync that begins after a name was made covers that name, so whoever
 * asks while another sync is under way shares the next one with everybody who asks meanwhile. Each caller is told of
 * success only by a sync that began after its call, and of a failure by each that ended after it.
 */
import { syncDirectory } from './durable-file.ts'

/** The syncs of one directory. */
interface Syncs {
  readonly running: Promise<void>
  /** Begins when that one is over. */
  next: Promise<void> | undefined
}

const underWay = new Map<string, Syncs>()

function begin(path: string): Promise<void> {
  const running = syncDirectory(path)
  const syncs: Syncs = { running, next: undefined }
  underWay.set(path, syncs)
  const forget = (): boolean => underWay.get(path) === syncs && underWay.delete(path)
  running.then(() => syncs.next === undefined && forget(), forget)
  return running
}

/** As {@link syncDirectory}, for the names that many callers make in the same directory at the same time. */
export function syncTogether(path: string): Promise<void> {
  const syncs = underWay.get(path)
  if (syncs === undefined) return begin(path)
  // What the failed one has lost, the next one cannot tell: it fails for all who were there.
  syncs.next ??= syncs.running.then(() => begin(path))
  return syncs.next
}
