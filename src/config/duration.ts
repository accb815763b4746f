/**
 * Durations as people write them: `30` and `30s` are seconds, `10m` minutes, `4h` hours, `5d` days. Inside the
 * program they are milliseconds.
 */

/** Longest first, so that the first unit that divides a duration is the one to write. */
const UNITS: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000 }

/**
 * Reads one duration; a decimal fraction is allowed (`1.5h`).
 *
 * @returns milliseconds, or undefined for anything else
 */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)([smhd])?$/.exec(text.trim())
  const unit = UNITS[match?.[2] ?? 's']
  if (match === null || unit === undefined) return undefined
  return Math.round(Number(match[1]) * unit)
}

/** Writes a duration so that {@link parseDuration} reads the same number: `90000` becomes `90s`. */
export function formatDuration(milliseconds: number): string {
  for (const [letter, size] of Object.entries(UNITS)) {
    if (milliseconds >= size && milliseconds % size === 0) return `${milliseconds / size}${letter}`
  }
  return `${milliseconds / 1000}s`
}
