/**
 * Ages and sizes as people read and write them. Inside the program they are milliseconds and octets.
 */
import { parseDuration } from '../../config/duration.ts'
import { MailError } from '../../errors/mail-error.ts'

const AGE_UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
]
const SIZE_UNITS = ['', 'K', 'M', 'G', 'T'] as const

/** An age by its two largest units: `3h 5m`. */
export function ageText(ms: number): string {
  let left = Math.max(0, ms)
  const parts = AGE_UNITS.map(([letter, size]): [number, string] => {
    const count = Math.floor(left / size)
    left -= count * size
    return [count, letter]
  })
  const first = parts.findIndex(([count]) => count > 0)
  if (first === -1) return '0s'
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, letter]) => `${count}${letter}`)
    .join(' ')
}

/** A size in the largest unit that leaves a whole number of it: `1.5M`. */
export function sizeText(octets: number): string {
  const unit = Math.min(SIZE_UNITS.length - 1, Math.floor(Math.log2(Math.max(1, octets)) / 10))
  const number = octets / 1024 ** unit
  return `${unit === 0 || number >= 100 ? Math.round(number) : number.toFixed(1)}${SIZE_UNITS[unit] ?? ''}`
}

/**
 * A duration given with an option.
 *
 * @returns milliseconds
 * @throws MailError USAGE for anything else
 */
export function readDuration(option: string, value: string): number {
  const duration = parseDuration(value)
  if (duration !== undefined) return duration
  throw new MailError('USAGE', `${option} ${value}: write a duration such as 30m, 4h or 5d`)
}

/**
 * An amount of space given with an option: octets with K, M, G or T, or a part of the whole such as `5%`.
 *
 * @throws MailError USAGE for anything else
 */
export function readSpace(option: string, value: string): { octets: number } | { percent: number } {
  const [, digits = '', unit = ''] = /^(\d{1,9}(?:\.\d{1,3})?)([KMGT%]?)$/i.exec(value) ?? []
  if (digits === '' || (unit === '%' && Number(digits) > 100))
    throw new MailError('USAGE', `${option} ${value}: write a size such as 500M or 2G, or a part such as 5%`)
  if (unit === '%') return { percent: Number(digits) }
  const power = SIZE_UNITS.findIndex((letter) => letter === unit.toUpperCase())
  return { octets: Number(digits) * 1024 ** power }
}
