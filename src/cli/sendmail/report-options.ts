/**
 * The options -N, -R and -V: which delivery reports a sender asks for (RFC 3461). What cannot be passed on exactly
 * is refused as USAGE before anything is read: a report that was asked for and never comes looks like success.
 */
import { MailError } from '../../errors/mail-error.ts'
import { quoteForMessage } from '../../message/address/address.ts'
import type { Notify, ReportRequest } from '../../message/envelope.ts'

const NOTIFY: Readonly<Record<string, Notify>> = {
  never: 'never',
  success: 'success',
  failure: 'failure',
  delay: 'delay',
}
/** The second word is msmtp's. */
const RET: Readonly<Record<string, 'full' | 'hdrs'>> = { full: 'full', hdrs: 'hdrs', headers: 'hdrs' }
/** How msmtp says that nothing is asked for. */
const NOTHING = 'off'
const ENVID = /^[ -~]{1,100}$/

function wordOf<T>(table: Readonly<Record<string, T>>, word: string): T | undefined {
  const key = word.trim().toLowerCase()
  return Object.hasOwn(table, key) ? table[key] : undefined
}

/**
 * Reads the argument of -N.
 *
 * @param text a list such as `failure,delay`; upper and lower case are the same
 * @throws MailError USAGE for any other word, and for `never` beside others
 */
export function notifyRequest(text: string): ReportRequest {
  if (text === NOTHING) return { notify: [] }
  const words = text.split(',').map((word) => wordOf(NOTIFY, word))
  const notify = [...new Set(words.filter((word) => word !== undefined))]
  if (words.includes(undefined)) {
    throw new MailError(
      'USAGE',
      `-N takes never, or a list of success, failure and delay with commas, and not ${quoteForMessage(text)}`,
    )
  }
  if (notify.includes('never') && notify.length > 1) {
    throw new MailError('USAGE', `-N ${quoteForMessage(text)} contradicts itself: never stands alone`)
  }
  return { notify }
}

/**
 * Reads the argument of -R.
 *
 * @throws MailError USAGE when it is neither `full` nor `hdrs`
 */
export function returnRequest(text: string): ReportRequest {
  if (text === NOTHING) return {}
  const ret = wordOf(RET, text)
  if (ret === undefined) {
    throw new MailError('USAGE', `-R takes full or hdrs, and not ${quoteForMessage(text)}`)
  }
  return { ret }
}

/**
 * Reads the argument of -V: the sender's own name for the message, as it is to be read in reports.
 *
 * @throws MailError USAGE when it is empty, longer than 100 characters or not printable ASCII
 */
export function envidRequest(text: string): ReportRequest {
  if (!ENVID.test(text)) {
    throw new MailError(
      'USAGE',
      `-V takes 1 to 100 characters of printable ASCII, and not ${quoteForMessage(text)}; -bV prints the version`,
    )
  }
  return { envid: text }
}
