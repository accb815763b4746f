/**
 * The kinds of options that only the login has: commands, and addresses of the web.
 */
import { scalar } from './option-kind.ts'
import { quoteShellWords, shellWords } from '../shell-words.ts'

/** A program with its arguments, in the quotes of a shell; it is run without one. */
export const COMMAND = scalar({
  form: `a program and its arguments; there is no shell, so quote what would be special to one, or write sh -c '...'`,
  read: (text) => shellWords(text),
  format: quoteShellWords,
})

const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

/** Whether the host of a URL is this machine. */
export const isLoopback = (host: string): boolean => LOOPBACK.test(host)

function secureUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  if (url.username !== '' || url.password !== '' || url.hash !== '') return undefined
  const isLocal = url.protocol === 'http:' && isLoopback(url.hostname)
  return url.protocol === 'https:' || isLocal ? text : undefined
}

/** An address to which secrets are sent: `https`, or `http` to this machine. */
export const SECURE_URL = scalar({
  form: 'an address that begins with https:// (http:// only for this machine)',
  read: secureUrl,
})
