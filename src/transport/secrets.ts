/**
 * Takes the account's password out of text that came from outside, in every form in which it goes over the
 * wire. What is shorter than four characters can't be told from ordinary text and is left alone.
 */
import type { SmtpSettings } from '../config/config.ts'

const SHORTEST = 4
const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64')

/** A function that replaces each secret of the account by `***`. */
export function secretRemover(
  settings: Pick<SmtpSettings, 'username' | 'password'>,
): (text: string) => string {
  const { username = '', password = '' } = settings
  if (password === '') return (text) => text
  const forms = [base64(`\0${username}\0${password}`), base64(password), password]
  const secrets = forms.filter((form) => form.length >= SHORTEST)
  return (text) => secrets.reduce((cleaned, secret) => cleaned.replaceAll(secret, '***'), text)
}
