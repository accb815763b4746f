/**
 * A ledger: short lines that any number of processes append to one file, and that all of them read in the same order.
 * There is no lock that a dead process could leave behind: the system appends one line after the other, so the place
 * of a line is decided by the append itself, and everybody who reads sees the same lines before it.
 *
 * A ledger that has grown is sealed, and goes on in a file of the next number with what still counts of it. A line
 * behind a seal means nothing: its writer sees the seal and writes it again in the next file.
 *
 * The process dies              what it leaves                what the others do
 * while it appends              a line without an end         they read it as damaged
 * after the append              the line                      it counts
 * after the seal                a sealed file                 the next one makes the successor
 * while it makes the successor  a draft in tmp/               as above; the sweep removes the draft
 * before the old file is gone   both files                    they use the new one and remove the old one
 */
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
} from 'node:fs'
import { errnoOf, queueError } from '../../errors/errno.ts'
import type { Clock } from '../../util/clock.ts'
import {
  createExclusive,
  foreignOwner,
  openForReading,
  removeQuietly,
  syncData,
  writeAll,
} from '../../util/durable-file.ts'
import { newUnique } from '../entry-name.ts'
import { folderPath, notADirectory, requireQueue } from '../layout.ts'
import { noteNames } from './names.ts'
import type { Condense, Ledger, LedgerLine, LedgerPart } from '../store.ts'

/** A file that is larger is replaced by what still counts of it. */
const LARGEST = 128 * 1024
const SEAL = 'sealed'
/** Far more rounds than any race takes. */
const ROUNDS = 20

const fileName = (name: string, number: number): string => `ledger.${encodeURIComponent(name)}.${number}`

/** The numbers of the files of a ledger, the largest last. */
function numbersOf(queueDir: string, name: string): number[] {
  return numbersIn(readdirSync(folderPath(queueDir, 'notes')), name)
}

function numbersIn(names: readonly string[], name: string): number[] {
  const prefix = fileName(name, 0).slice(0, -1)
  const numbers = names.flatMap((each) => {
    const digits = each.startsWith(prefix) ? each.slice(prefix.length) : ''
    return /^\d{1,12}$/.test(digits) ? [Number(digits)] : []
  })
  return numbers.sort((left, right) => left - right)
}

/** Whole lines up to the seal. What follows the last line end is not finished yet, or never will be. */
function parse(text: string): {
  readonly lines: LedgerLine[]
  readonly length: number
  readonly sealed: boolean
} {
  const length = text.lastIndexOf('\n') + 1
  const lines = text.slice(0, length).split('\n').filter(Boolean).map(parseLine)
  const seal = lines.indexOf(SEAL)
  return { lines: seal === -1 ? lines : lines.slice(0, seal), length, sealed: seal !== -1 }
}

/** Each line has a sign at its end, so that a part of a line is never taken for a shorter one. */
function parseLine(line: string): LedgerLine {
  return /^[\x20-\x7e]+;$/.test(line) ? line.slice(0, -1) : undefined
}

/** The line end in front ends whatever a full disk left of another line. */
const written = (line: string): string => `\n${line};\n`

function syncNames(path: string): void {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    fsyncSync(fd)
  } catch (error) {
    // File systems that cannot sync a directory keep names safe in their own way.
    if (errnoOf(error) !== 'EINVAL') throw error
  } finally {
    closeSync(fd)
  }
}

/**
 * Reads a ledger without making or changing anything.
 *
 * @returns its lines; none when there is no such ledger
 * @throws MailError QUEUE_* when it cannot be read, CONFIG_* when the queue is gone or no directory
 */
export function readLedger(queueDir: string, name: string): readonly LedgerLine[] {
  let fd: number | undefined
  try {
    const number = numbersIn(noteNames(queueDir), name).at(-1)
    if (number === undefined) return []
    fd = openForReading(folderPath(queueDir, 'notes', fileName(name, number)))
    return parse(readFileSync(fd, 'latin1')).lines
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return []
    if (errnoOf(error) === 'ENOTDIR') throw notADirectory(queueDir)
    // Nothing of a queue that is closed to this user can be read: that is what has to be said.
    requireQueue(queueDir)
    throw queueError(error, `cannot read the ledger of ${name} in`, folderPath(queueDir, 'notes'))
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

interface OpenFile {
  readonly fd: number
  readonly number: number
}

/** The Maildir implementation of {@link Ledger}. The folders of the queue have to be there. */
export class LedgerFile implements Ledger {
  readonly #queueDir: string
  readonly #name: string
  readonly #condense: Condense
  readonly #clock: Clock
  #file: OpenFile | undefined
  #offset = 0

  constructor(queueDir: string, name: string, condense: Condense, clock: Clock) {
    this.#queueDir = queueDir
    this.#name = name
    this.#condense = condense
    this.#clock = clock
  }

  exchange(line?: string): LedgerPart {
    return this.#guarded(() => this.#exchange(line))
  }

  renew(): LedgerPart {
    return this.#guarded(() => {
      const { fd } = this.#open()
      writeAll(fd, Buffer.from(written(SEAL)))
      return this.#exchange(undefined)
    })
  }

  async sync(): Promise<void> {
    const { fd } = this.#file ?? this.#open()
    try {
      await syncData(fd)
    } catch (error) {
      throw queueError(error, 'cannot make a line durable in', this.#path(fileName(this.#name, 0)))
    }
  }

  close(): void {
    const file = this.#file
    this.#file = undefined
    if (file !== undefined) closeSync(file.fd)
  }

  #path(name = ''): string {
    return folderPath(this.#queueDir, 'notes', name)
  }

  /** After a failure nobody knows what was read: the next call begins anew. */
  #guarded(action: () => LedgerPart): LedgerPart {
    try {
      return action()
    } catch (error) {
      try {
        this.close()
      } catch {
        // The failure before this one is the one to tell.
      }
      throw queueError(error, `cannot keep the ledger of ${this.#name} in`, this.#path())
    }
  }

  #exchange(line: string | undefined): LedgerPart {
    let missing = line
    let fresh = this.#file === undefined || this.#wasRemoved()
    let found: LedgerLine[] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      const { fd, number } = this.#open()
      if (missing !== undefined) writeAll(fd, Buffer.from(written(missing)))
      const { lines, sealed, size } = this.#readOn(fd)
      found.push(...lines)
      if (missing !== undefined && lines.includes(missing)) missing = undefined
      if (!sealed && missing !== undefined) throw new Error('a line that was written is not there')
      if (!sealed && size <= LARGEST) return { fresh, lines: found }
      if (!sealed) writeAll(fd, Buffer.from(written(SEAL)))
      this.#succeed(fd, number)
      fresh = true
      found = []
    }
    throw new Error('it is replaced again and again')
  }

  /** Somebody removed the file by hand, or a successor took its place. */
  #wasRemoved(): boolean {
    if (this.#file === undefined || fstatSync(this.#file.fd).nlink > 0) return false
    this.close()
    return true
  }

  #readOn(fd: number): { readonly lines: LedgerLine[]; readonly sealed: boolean; readonly size: number } {
    const { size } = fstatSync(fd)
    if (size < this.#offset) throw new Error('it was cut short')
    const { lines, length, sealed } = parse(this.#read(fd, this.#offset, size))
    this.#offset += length
    return { lines, sealed, size }
  }

  #read(fd: number, from: number, to: number): string {
    const bytes = Buffer.alloc(to - from)
    let filled = 0
    while (filled < bytes.length) {
      const count = readSync(fd, bytes, filled, bytes.length - filled, from + filled)
      if (count === 0) throw new Error('it was cut short')
      filled += count
    }
    return bytes.toString('latin1')
  }

  /** The file with the largest number; the first one is made when there is none. */
  #open(): OpenFile {
    if (this.#file !== undefined) return this.#file
    for (let round = 0; round < ROUNDS; round += 1) {
      const older = numbersOf(this.#queueDir, this.#name)
      const number = older.pop()
      if (number === undefined) this.#make(1, '')
      const fd = number === undefined ? undefined : this.#openFile(number)
      if (number === undefined || fd === undefined) continue
      this.#file = { fd, number }
      this.#offset = 0
      // What has a successor is sealed, and everything that counts of it is in there. What cannot be removed now is
      // removed by whoever opens the ledger next.
      for (const old of older) removeQuietly(this.#path(fileName(this.#name, old)))
      return this.#file
    }
    throw new Error('it cannot be opened')
  }

  /** Undefined when a successor took its place at this moment. */
  #openFile(number: number): number | undefined {
    const flags = constants.O_RDWR | constants.O_APPEND | constants.O_NOFOLLOW | constants.O_NONBLOCK
    let fd: number | undefined
    try {
      fd = openSync(this.#path(fileName(this.#name, number)), flags)
      const stats = fstatSync(fd)
      const owner = foreignOwner(this.#path())
      if (!stats.isFile()) throw new Error('it is no regular file')
      // Root must not be lured into writing to a file that is not the queue's.
      if (owner !== undefined && owner.uid !== stats.uid) throw new Error('it belongs to somebody else')
      return fd
    } catch (error) {
      if (fd !== undefined) closeSync(fd)
      if (errnoOf(error) === 'ENOENT') return undefined
      throw error
    }
  }

  /** Lets the ledger go on in the next file. */
  #succeed(fd: number, number: number): void {
    if ((numbersOf(this.#queueDir, this.#name).at(-1) ?? 0) <= number) {
      const { lines } = parse(this.#read(fd, 0, fstatSync(fd).size))
      this.#make(number + 1, this.#condense(lines).map(written).join(''))
    }
    this.close()
  }

  /** Makes a file in one step, with everything in it; another process may be faster, which is as good. */
  #make(number: number, text: string): void {
    const draft = folderPath(this.#queueDir, 'tmp', newUnique(this.#clock))
    const fd = createExclusive(draft)
    try {
      try {
        writeAll(fd, Buffer.from(text))
        fsyncSync(fd)
      } finally {
        closeSync(fd)
      }
      linkSync(draft, this.#path(fileName(this.#name, number)))
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error
    } finally {
      removeQuietly(draft)
    }
    syncNames(this.#path())
  }
}
