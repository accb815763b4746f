/**
 * The outbox: reports for the application, one file each, named by the time at which it was stored. A file comes in as a
 * message does (tmp/, synced, renamed, directory synced), so that what is in outbox/ is whole and what was told to be
 * stored is there.
 *
 * The process dies                   what it leaves            what becomes of it
 * while it writes                    a draft in tmp/           the sweep removes it; nobody was told it is stored
 * after the rename, before the sync  the report, or nothing    as above, or it is handed over
 * after the sync                     the report                it is handed over
 * after a removal                    nothing, or the report    it is handed over again: removals are not synced
 */
import { closeSync, fstatSync, readFileSync, renameSync, watch } from 'node:fs'
import { errnoOf, queueError } from '../errors/errno.ts'
import type { Clock } from '../util/clock.ts'
import {
  createExclusive,
  openForReading,
  removeQuietly,
  syncFile,
  unlinkFile,
  writeAll,
} from '../util/durable-file.ts'
import { randomOctets } from '../util/random.ts'
import { syncTogether } from '../util/shared-sync.ts'
import { newUnique } from './entry-name.ts'
import { ensureLayout, folderPath } from './layout.ts'
import { quarantine } from './quarantine.ts'
import { isFileFault } from './queue-file.ts'
import { scanNames } from './scan.ts'
import type { Outbox, OutboxEntry, OutboxFacts, Quarantined } from './store.ts'

const NAME = /^(\d{14})\.[0-9a-f]{16}\.json$/
/** More than any report has, in octets. */
const LARGEST = 16 * 1024 * 1024

/** Names sort as their times do. */
const newName = (now: number): string =>
  `${String(Math.floor(now)).padStart(14, '0')}.${randomOctets(8).toString('hex')}.json`

/** A name that none of us gave has the time 0, so that it is looked at first. */
const timeOf = (name: string): number => Number(NAME.exec(name)?.[1] ?? 0)

const inOrder = (one: OutboxEntry, other: OutboxEntry): number =>
  one.time - other.time || (one.name < other.name ? -1 : 1)

/** The outbox of a queue directory. */
export class OutboxFolder implements Outbox {
  readonly #queueDir: string
  readonly #clock: Clock

  constructor(queueDir: string, clock: Clock) {
    this.#queueDir = queueDir
    this.#clock = clock
  }

  #path(name = ''): string {
    return folderPath(this.#queueDir, 'outbox', name)
  }

  async add(text: string): Promise<void> {
    await ensureLayout(this.#queueDir)
    const draft = folderPath(this.#queueDir, 'tmp', newUnique(this.#clock))
    try {
      const fd = createExclusive(draft)
      try {
        writeAll(fd, Buffer.from(text))
        await syncFile(fd)
      } finally {
        closeSync(fd)
      }
      renameSync(draft, this.#path(newName(this.#clock.now())))
      await syncTogether(this.#path())
    } catch (error) {
      // In tmp/ the sweep finds what stays.
      removeQuietly(draft)
      throw queueError(error, 'cannot store a report for the application in', this.#path())
    }
  }

  async first(most: number): Promise<readonly OutboxEntry[]> {
    let found: OutboxEntry[] = []
    for await (const { name } of scanNames(this.#queueDir, 'outbox')) {
      found.push({ name, time: timeOf(name) })
      // However many there are, only some are kept in memory.
      if (found.length >= 2 * most + 1024) found = found.sort(inOrder).slice(0, most)
    }
    return found.sort(inOrder).slice(0, most)
  }

  read(name: string): string | undefined {
    let fd: number | undefined
    try {
      fd = openForReading(this.#path(name))
      const stats = fstatSync(fd)
      // What nobody can read is no report: the caller puts it away.
      if (!NAME.test(name) || !stats.isFile() || stats.size > LARGEST) return ''
      return readFileSync(fd, 'utf8')
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined
      if (isFileFault(error)) return ''
      throw queueError(error, 'cannot read a report for the application in', this.#path(name))
    } finally {
      if (fd !== undefined) closeSync(fd)
    }
  }

  async remove(names: readonly string[]): Promise<void> {
    for (const name of names) {
      await unlinkFile(this.#path(name)).catch((error: unknown) => {
        if (errnoOf(error) !== 'ENOENT')
          throw queueError(error, 'cannot remove a report that was handed over', this.#path(name))
      })
    }
  }

  quarantine(name: string, why: string): Quarantined | undefined {
    return quarantine(this.#queueDir, 'outbox', name, why)
  }

  async facts(): Promise<OutboxFacts> {
    let reports = 0
    let oldest: number | undefined
    for await (const { name } of scanNames(this.#queueDir, 'outbox')) {
      reports += 1
      const time = timeOf(name)
      if (time > 0 && (oldest === undefined || time < oldest)) oldest = time
    }
    return { reports, oldest }
  }

  watch(changed: () => void): (() => void) | undefined {
    try {
      const watcher = watch(this.#path(), { persistent: false }, changed)
      // A folder that cannot be watched is looked at now and then.
      watcher.on('error', () => watcher.close())
      return () => watcher.close()
    } catch {
      return undefined
    }
  }
}
