/**
 * Which program a queue belongs to, by looking at what its files say. A guess would send mail to the wrong people, so
 * there is none: a format is found only when at least one file has it and no file looked at has another.
 */
import { join } from 'node:path'
import { systemClock } from '../../util/clock.ts'
import { faultOf, machineFault, NO_FILE, openForeign } from './foreign-file.ts'
import { readHead } from './foreign-message.ts'
import type { ForeignFormat, Spot } from './format.ts'
import { FOREIGN_FORMAT_NAMES, FOREIGN_FORMATS, type ForeignFormatName } from './formats.ts'
import { spotsOf } from './spots.ts'

/** What was found. */
export type DetectedFormat =
  | { readonly kind: 'found'; readonly format: ForeignFormatName }
  /** There is no file to look at. */
  | { readonly kind: 'empty' }
  /** Nothing, or more than one format fits. `eml` is named when there are messages without an envelope. */
  | { readonly kind: 'unclear'; readonly candidates: readonly ForeignFormatName[] }

/** How many files are looked at for each format. */
const SAMPLE = 200

/** The answer of {@link fits} about a file that can be read. */
function fitsReadable(spot: Spot, format: ForeignFormat, now: number): boolean | undefined {
  if (format.look(spot, now).kind === 'nothing') return undefined
  const file = openForeign(join(spot.directory, spot.name))
  if (!file.ok) return file.why === NO_FILE ? undefined : false
  try {
    return readHead(file, format, spot).ok
  } finally {
    file.close()
  }
}

/** Whether a file has the format; undefined when it is no file, or one that is never a message. */
function fits(spot: Spot, format: ForeignFormat, now: number): boolean | undefined {
  try {
    return fitsReadable(spot, format, now)
  } catch (error) {
    // A file that cannot be read has no format, as one that cannot be opened.
    if (faultOf(error) !== undefined) return false
    throw machineFault(error, join(spot.directory, spot.name))
  }
}

async function fitsQueue(path: string, format: ForeignFormat): Promise<boolean | undefined> {
  let answer: boolean | undefined
  let looked = 0
  for await (const spot of spotsOf(path, format.folders)) {
    const fit = fits(spot, format, systemClock.now())
    if (fit === true) return true
    answer ??= fit
    looked += 1
    if (looked === SAMPLE) break
  }
  return answer
}

/**
 * Finds the format of a foreign queue. Nothing is changed.
 *
 * @param path the queue directory, one of its folders, or one file
 * @throws MailError as `readForeign`
 */
export async function detectFormat(path: string): Promise<DetectedFormat> {
  const fitting: ForeignFormatName[] = []
  let isEmpty = true
  for (const format of FOREIGN_FORMAT_NAMES) {
    // Every message is one without an envelope to those who do not know its format.
    if (format === 'eml' && fitting.length > 0) break
    const fit = await fitsQueue(path, FOREIGN_FORMATS[format])
    if (fit !== undefined) isEmpty = false
    if (fit === true) fitting.push(format)
  }
  const [only, second] = fitting
  if (only !== undefined && only !== 'eml' && second === undefined) return { kind: 'found', format: only }
  return isEmpty ? { kind: 'empty' } : { kind: 'unclear', candidates: fitting }
}
