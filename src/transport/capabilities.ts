/**
 * What the server said it can do in its reply to EHLO. Anything not understood counts as not offered.
 */

/** The extensions that change what we send. */
export interface Capabilities {
  /** Largest message in octets the server takes (RFC 1870); undefined when it names none. */
  readonly maxSize: number | undefined
  /** Bytes over 127 in the body (RFC 6152). */
  readonly eightBitMime: boolean
  /** Requests for delivery reports (RFC 3461). */
  readonly dsn: boolean
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
  const keywords = new Set<string>()
  const auth: string[] = []
  for (const line of Array.isArray(lines) ? lines : []) {
    const [keyword = '', ...words] = String(line)
      .toUpperCase()
      .split(/[\s=]+/)
    if (keyword === 'SIZE' && Number(words[0]) > 0) maxSize = Number(words[0])
    keywords.add(keyword)
    if (keyword === 'AUTH') auth.push(...words.filter((word) => word !== ''))
  }
  const offers = (keyword: string): boolean => keywords.has(keyword)
  return {
    maxSize,
    eightBitMime: offers('8BITMIME'),
    dsn: offers('DSN'),
    smtpUtf8: offers('SMTPUTF8'),
    auth,
  }
}
