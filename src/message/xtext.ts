/**
 * xtext (RFC 3461 section 4): any text as printable ASCII without blanks, `+` and `=`, which stand as `+2B` and `+3D`.
 * Other than ASCII goes by its octets of UTF-8.
 */

const PLAIN = /^[!-*,-<>-~]*$/
const XTEXT = /^(?:[!-*,-<>-~]|\+[0-9A-F]{2})*$/

/** Writes text as xtext. */
export function toXtext(text: string): string {
  if (PLAIN.test(text)) return text
  const coded = (octet: number): string => `+${octet.toString(16).toUpperCase().padStart(2, '0')}`
  return [...Buffer.from(text)]
    .map((octet) => (PLAIN.test(String.fromCharCode(octet)) ? String.fromCharCode(octet) : coded(octet)))
    .join('')
}

/** Reads xtext; undefined when it is none. */
export function fromXtext(text: string): string | undefined {
  if (!XTEXT.test(text)) return undefined
  if (!text.includes('+')) return text
  const octets = text.replace(/\+(..)/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
  return Buffer.from(octets, 'latin1').toString()
}
