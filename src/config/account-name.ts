/**
 * What an account may be called. A name goes into file names, headers and onto command lines.
 */

/** The account of `[mailqueue]`, and of a message that names none. */
export const DEFAULT_ACCOUNT = 'default'

/** What a name is made of, for error messages. */
export const ACCOUNT_NAME_FORM = 'up to 32 letters, digits, "-" or "_", a letter or digit first'

/** Whether a text can be the name of an account. */
export function isAccountName(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/.test(text)
}
