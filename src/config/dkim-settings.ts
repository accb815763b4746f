/**
 * The options of the DKIM signature: all three, or none.
 */
import type { DkimSettings } from './config.ts'
import { configInvalid } from './config-error.ts'
import { readGiven, type GivenValues } from './given-values.ts'
import { OPTIONS } from './options.ts'

/**
 * Reads the options. The key itself is only read when mail is signed.
 *
 * @returns undefined when mail is not signed
 * @throws MailError CONFIG_INVALID when one of the options is missing
 */
export function dkimSettings(given: GivenValues): DkimSettings | undefined {
  const domain = readGiven(given, OPTIONS.dkim_domain)
  const selector = readGiven(given, OPTIONS.dkim_selector)
  const keyFile = readGiven(given, OPTIONS.dkim_key)
  if (domain !== undefined && selector !== undefined && keyFile !== undefined) {
    return Object.freeze({
      domain,
      selector,
      keyFile,
      strict: readGiven(given, OPTIONS.strict_permissions) ?? false,
    })
  }
  const all = [OPTIONS.dkim_domain, OPTIONS.dkim_selector, OPTIONS.dkim_key]
  const isSet = ({ name }: (typeof all)[number]): boolean =>
    ({ dkim_domain: domain, dkim_selector: selector, dkim_key: keyFile })[name] !== undefined
  const present = all.find(isSet)
  if (present === undefined) return undefined
  const missing = all.filter((option) => !isSet(option)).map(({ name }) => name)
  throw configInvalid(
    given.get(present.name)?.where ?? 'configuration',
    `${present.name} is set but ${missing.join(' and ')} is not; a signature needs all three, so add it, or remove ${present.name}`,
  )
}
