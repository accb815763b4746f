/**
 * Takes the passwords of an account and of its proxy out of text that came from outside, in every form in which they
 * go over the wire. What is shorter than four characters can't be told from ordinary text and is left alone.
 */
import type { SmtpSettings } from '../config/config.ts'

const SHORTEST = 4
const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64')

function loginForms({ username = '', password = '' }: Pick<SmtpSettings, 'username' | 'password'>): string[] {
  return password === '' ? [] : [base64(`\0${username}\0${password}`), base64(password), password]
}

function proxyForms({ username = '', password = '' }: NonNullable<SmtpSettings['proxy']>): string[] {
  return password === '' ? [] : [base64(`${username}:${password}`), password]
}

/** A function that replaces each secret of the account by `***`. */
export function secretRemover(
  settings: Pick<SmtpSettings, 'username' | 'password'> & Partial<Pick<SmtpSettings, 'proxy'>>,
): (text: string) => string {
  const { proxy } = settings
  const forms = [...loginForms(settings), ...(proxy === undefined ? [] : proxyForms(proxy))]
  const secrets = forms.filter((form) => form.length >= SHORTEST)
  return (text) => secrets.reduce((cleaned, secret) => cleaned.replaceAll(secret, '***'), text)
}
