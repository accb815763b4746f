/**
 * The options that say what is done to the sender and the header of a message, and the contradictions between
 * them.
 */
import type { HeaderSettings, MasqueradeSettings } from './config.ts'
import { configInvalid } from './config-error.ts'
import { readGiven, readOrDefault, type GivenValues } from './given-values.ts'
import { OPTIONS } from './options.ts'

/**
 * Reads the options of sender and header.
 *
 * @param from the configured sender with its placeholders replaced
 * @throws MailError CONFIG_INVALID for a value that is not valid, and for `force_from` without a sender
 */
export function headerSettings(given: GivenValues, from: string | undefined): HeaderSettings {
  const forceFrom = readOrDefault(given, OPTIONS.force_from)
  if (forceFrom && (from === undefined || from.endsWith('<>'))) {
    const where = given.get(OPTIONS.force_from.name)?.where ?? 'configuration'
    throw configInvalid(where, 'force_from = yes needs a sender; add from with an address')
  }
  const setFrom = readOrDefault(given, OPTIONS.set_from_header)
  return Object.freeze({
    forceFrom,
    masquerade: masquerade(readGiven(given, OPTIONS.masquerade)),
    qualify: readOrDefault(given, OPTIONS.qualify_headers),
    // Who forces the sender has a server that takes no other; it looks at the header as well.
    setFrom: forceFrom && setFrom === 'auto' ? 'on' : setFrom,
    setDate: readOrDefault(given, OPTIONS.set_date_header),
    setMessageId: readOrDefault(given, OPTIONS.set_msgid_header),
    setTo: readOrDefault(given, OPTIONS.set_to_header),
    removeBcc: readOrDefault(given, OPTIONS.remove_bcc_headers),
  })
}

function masquerade(text: string | undefined): MasqueradeSettings | undefined {
  if (text === undefined) return undefined
  const at = text.lastIndexOf('@')
  return Object.freeze({ domain: text.slice(at + 1), sender: at === -1 ? undefined : text })
}
