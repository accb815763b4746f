/**
 * Prepares user names and passwords for SCRAM as SASLprep says (RFC 4013): other blanks become a space, invisible
 * characters are dropped, the rest is normalized (NFKC), and what must not occur is refused. Of its rules one is left
 * out: the check of right-to-left text, which would refuse passwords that servers take. Characters newer than Unicode
 * 3.2 are allowed, as in a query.
 */
import { SaslError } from './sasl.ts'

/** Table C.1.2 of RFC 3454. */
const OTHER_BLANKS = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/g
/** Table B.1, "commonly mapped to nothing". */
const INVISIBLE = /\u00ad|\u034f|\u1806|[\u180b-\u180d]|\u200c|\u200d|\u2060|[\ufe00-\ufe0f]|\ufeff/g
/** Tables C.2.1, C.2.2 (control), C.3 (private use), C.4 (no characters), C.5 (surrogates), C.6 to C.9. */
const PROHIBITED = [
  /[\p{Cc}\u06dd\u070f\u180e\u2028\u2029\u2061-\u2063\u206a-\u206f\ufff9-\ufffd\u{1d173}-\u{1d17a}]/u,
  /[\p{Co}\p{Cs}\p{Noncharacter_Code_Point}]/u,
  /[\u2ff0-\u2ffb]|\u0340|\u0341|[\u200e\u200f\u202a-\u202e]|[\u{e0001}\u{e0020}-\u{e007f}]/u,
]

/**
 * The prepared form of a text.
 *
 * @param what names the text in the error; the text itself is never in it
 * @throws SaslError for a text with a prohibited character, or in which nothing is left
 */
export function saslPrep(text: string, what: string): string {
  const prepared = text.replace(OTHER_BLANKS, ' ').replace(INVISIBLE, '').normalize('NFKC')
  if (PROHIBITED.some((set) => set.test(prepared))) {
    throw new SaslError(`the ${what} has characters that SCRAM cannot carry (RFC 4013)`, true)
  }
  if (prepared === '') throw new SaslError(`the ${what} has no character that SCRAM can carry`, true)
  return prepared
}
