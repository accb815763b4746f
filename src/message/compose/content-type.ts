/**
 * Content types as this program writes them (RFC 2045 section 5.1). What comes from outside is refused when it is no
 * type: it could add a field or a part otherwise.
 */
import { MailError } from '../../errors/mail-error.ts'
import { quoteForMessage } from '../address/address.ts'

/** The charset of text that is neither ASCII nor UTF-8, unless the caller knows better: it can name every byte. */
const FALLBACK_CHARSET = 'iso-8859-1'

const TYPE = /^[!#$&^_.+A-Za-z0-9-]+\/[!#$&^_.+A-Za-z0-9-]+[ \t]*(?:;[ -~]*)?$/
const LONGEST_TYPE = 300
const CHARSET_NAME = /^[A-Za-z0-9_.:+-]{1,60}$/
const CHARSET = /;\s*charset\*?\d?\*?\s*=/i
const TEXT = /^\s*text\//i
const COMPOSITE = /^\s*(?:multipart|message)\//i

export const isText = (contentType: string): boolean => TEXT.test(contentType)

/** True for the types whose bodies are entities themselves and must not be encoded (RFC 2045 section 6.4). */
export const isComposite = (contentType: string): boolean => COMPOSITE.test(contentType)

/** Without a semicolon that nothing follows, which is what shell scripts like to leave. */
export function trimmedType(contentType: string): string {
  // From the end: a pattern would try again at each of many semicolons that something follows.
  let end = contentType.length
  while (end > 0 && /[;\s]/.test(contentType.charAt(end - 1))) end -= 1
  return contentType.slice(0, end)
}

/**
 * A type that was asked for, ready to be written.
 *
 * @param type with or without parameters
 * @throws MailError `MESSAGE_MALFORMED` when it is none
 */
export function checkedType(type: string): string {
  if (type.length <= LONGEST_TYPE && TYPE.test(type)) return trimmedType(type)
  throw new MailError(
    'MESSAGE_MALFORMED',
    `${quoteForMessage(type)} is no content type; write one such as text/plain or image/png`,
  )
}

/**
 * The charset for text whose charset cannot be told.
 *
 * @throws MailError `MESSAGE_MALFORMED` when it is no name of a charset
 */
export function fallbackCharset(charset: string = FALLBACK_CHARSET): string {
  if (CHARSET_NAME.test(charset)) return charset
  throw new MailError(
    'MESSAGE_MALFORMED',
    `${quoteForMessage(charset)} is no charset; write one such as iso-8859-15`,
  )
}

/** Adds the charset to a text type that names none. */
export function withCharset(contentType: string, charset: string): string {
  const named = !isText(contentType) || CHARSET.test(contentType)
  return named ? contentType : `${contentType}; charset=${charset}`
}
