/**
 * The kinds of options that hold numbers, durations, yes or no, or one of a few words.
 */
import { formatDuration, parseDuration } from '../duration.ts'
import { listOf, scalar, type OptionKind } from './option-kind.ts'

/** A whole number between two bounds, both allowed. */
export function integer(least: number, most: number): OptionKind<number, 'number'> {
  return scalar({
    form: `a whole number from ${least} to ${most}`,
    accepts: 'number',
    read: (text) => (/^\d{1,9}$/.test(text) ? within(Number(text), least, most) : undefined),
  })
}

function within(value: number, least: number, most: number): number | undefined {
  return value >= least && value <= most ? value : undefined
}

const ON_OFF: ReadonlyMap<string, boolean> = new Map([
  ...['yes', 'true', 'on', '1'].map((word) => [word, true] as const),
  ...['no', 'false', 'off', '0'].map((word) => [word, false] as const),
])

/** Yes or no. */
export const YES_NO = scalar({
  form: '"yes" or "no"',
  accepts: 'boolean',
  read: (text) => ON_OFF.get(text.toLowerCase()),
  format: (value) => (value ? 'yes' : 'no'),
})

const readDuration =
  (most: string) =>
  (text: string): number | undefined => {
    const value = parseDuration(text)
    return value === undefined ? undefined : within(value, 1, parseDuration(most) ?? 0)
  }

/** A duration above zero, in milliseconds. */
export function duration(most: string): OptionKind<number, 'number'> {
  return scalar({
    form: `a duration such as 30s, 10m, 4h or 5d, more than 0 and at most ${most}`,
    accepts: 'number',
    read: readDuration(most),
    format: formatDuration,
  })
}

/** One or more durations above zero, in milliseconds. */
export function durations(most: string): OptionKind<readonly number[], 'list'> {
  return listOf({
    form: `durations such as "1m 10m 1h", each more than 0 and at most ${most}`,
    read: readDuration(most),
    format: formatDuration,
    least: 1,
  })
}

/** One of the given words, in upper or lower case. */
export function choice<const T extends string>(...words: readonly T[]): OptionKind<T, 'text'> {
  return {
    ...scalar({
      form: `one of ${words.join(', ')}`,
      read: (text) => words.find((word) => word === text.toLowerCase()),
    }),
    emptyIsUnset: false,
  }
}
