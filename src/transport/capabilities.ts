/**
 * What the server said it can do in its reply to EHLO. Anything not understood counts as not offered.
 */

/** The extensions that change what we send. */
export interface Capabilities {
  /** Largest message in octets the server takes (RFC 1870); undefined when it names none. */
  readonly maxSize: number | undefined
  /** Internationalized addresses (RFC 6531). */
  readonly smtpUtf8: boolean
  /** Login mechanisms (RFC 4954), in capitals. */
  readonly auth: readonly string[]
}

/**
 * Reads the extension lines of an EHLO reply.
 *
 * @param lines the lines without reply codes and without the greeting; anything else (there are none after
 *   a HELO) means that nothing is offered
 */
export function readCapabilities(lines: unknown): Capabilities {
  let maxSize: number | undefined
  let smtpUtf8 = false
  const auth: string[] = []
  for (const line of Array.isArray(lines) ? lines : []) {
    const [keyword = '', ...words] = String(line)
      .toUpperCase()
      .split(/[\s=]+/)
    if (keyword === 'SIZE' && Number(words[0]) > 0) maxSize = Number(words[0])
    if (keyword === 'SMTPUTF8') smtpUtf8 = true
    if (keyword === 'AUTH') auth.push(...words.filter((word) => word !== ''))
  }
  return { maxSize, smtpUtf8, auth }
}
