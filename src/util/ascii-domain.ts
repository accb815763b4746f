/**
 * A domain as the DNS and most mail programs know it: labels with other letters than ASCII as A-labels (RFC 5890), so
 * that `bücher.example` is `xn--bcher-kva.example`.
 */
import { domainToASCII } from 'node:url'

const ASCII = /^[\0-\x7f]*$/

/**
 * Writes a domain in ASCII.
 *
 * @param domain any text; what is ASCII already stays as it is, character for character
 * @returns undefined for what is no international domain name
 */
export function asciiDomain(domain: string): string | undefined {
  if (ASCII.test(domain)) return domain
  const ascii = domainToASCII(domain)
  return ascii === '' ? undefined : ascii
}
