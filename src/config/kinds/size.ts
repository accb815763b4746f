/**
 * The kind of options that hold a size: a number of octets, with a letter for a power of 1024 behind it.
 */
import { scalar } from './option-kind.ts'

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }
const LARGEST = 100 * 1024 ** 3

function readSize(text: string): number | undefined {
  const [, digits = '', unit = ''] = /^(\d{1,12})([kmg]?)b?$/i.exec(text) ?? []
  const size = Number(digits) * (UNITS[unit.toLowerCase()] ?? 0)
  return size >= 1 && size <= LARGEST ? size : undefined
}

function formatSize(size: number): string {
  const unit = ['G', 'M', 'k'].find((each) => size % (UNITS[each.toLowerCase()] ?? 1) === 0) ?? ''
  return `${size / (UNITS[unit.toLowerCase()] ?? 1)}${unit}`
}

/** A size in octets, above zero. */
export const SIZE = scalar({
  form: 'a size such as 500k, 50M or 2G, at most 100G',
  accepts: 'number',
  read: readSize,
  format: formatSize,
})
