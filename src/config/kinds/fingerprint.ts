/**
 * Fingerprints of certificates: SHA-256 in hexadecimal digits, with or without colons. They come out as tools show
 * them, in capitals with colons. Shorter digests are refused: another certificate with the same one can be made.
 */
import { listOf, type OptionKind } from './option-kind.ts'

const FORM = 'SHA-256 fingerprints (64 hexadecimal digits, with or without colons), separated by blanks'

/** By number of digits. */
const TOO_WEAK: Readonly<Record<number, string>> = { 32: 'MD5', 40: 'SHA-1' }

const digitsOf = (word: string): string | undefined =>
  /^[0-9a-f]+$/i.test(word.replaceAll(':', '')) ? word.replaceAll(':', '').toUpperCase() : undefined

const LIST = listOf({
  form: FORM,
  read: (word) => {
    const digits = digitsOf(word)
    return digits?.length === 64 ? digits.replace(/..(?!$)/g, '$&:') : undefined
  },
})

/** One or more fingerprints. */
export const FINGERPRINTS: OptionKind<readonly string[], 'list'> = {
  ...LIST,
  parse: (words, base) => {
    const weak = words.map((word) => TOO_WEAK[digitsOf(word)?.length ?? 0]).find((name) => name !== undefined)
    if (weak === undefined) return LIST.parse(words, base)
    return { ok: false, expected: `${FORM}, not ${weak}, which is too weak to tell certificates apart` }
  },
}
