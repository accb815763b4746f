/**
 * The queues of zope.sendmail and of CPSMailAccess: lines at the very start of the file, then the message at once.
 * Only these lines are the envelope; the same words further down are text. CPSMailAccess has four lines more, a
 * password among them: no user name and no password leaves this file.
 */
import { quoteForMessage } from '../../message/address/address.ts'
import { endsEarly, lookAtName, refuse, type ForeignFormat, type HeadResult } from './format.ts'
import { headLines } from './head-lines.ts'
import { rangesOf, scanHeader } from './header-scan.ts'
import { lookAtLocks } from './zope-lock.ts'

const ZOPE = ['X-Zope-From', 'X-Zope-To']
const CPS = [...ZOPE, 'X-Zope-Hostname', 'X-Zope-Port', 'X-Zope-Username', 'X-Zope-Password']

type Lines =
  | { readonly ok: true; readonly values: readonly string[]; readonly start: number; readonly next: string }
  | Extract<HeadResult, { ok: false }>

/** Reads lines that must have these names in this order, and the line behind them. */
function readLines(bytes: Buffer, whole: boolean, names: readonly string[]): Lines {
  const values: string[] = []
  let start = 0
  for (const { text, end } of headLines(bytes)) {
    const name = names[values.length]
    if (name === undefined) return { ok: true, values, start, next: text }
    if (!text.startsWith(`${name}:`)) {
      return { ok: false, incomplete: false, why: `line ${values.length + 1} is not ${name}` }
    }
    values.push(text.slice(name.length + 1).trim())
    start = end
  }
  if (values.length === names.length) return { ok: true, values, start, next: '' }
  return { ok: false, incomplete: !whole, why: 'it ends before its envelope does' }
}

export const ZOPE_FORMAT: ForeignFormat = {
  folders: ['new', 'cur'],
  look: lookAtLocks,
  parse(bytes, whole) {
    const lines = readLines(bytes, whole, ZOPE)
    if (!lines.ok) return lines
    if (lines.next.startsWith('X-Zope-Hostname:')) return refuse('it is a message of CPSMailAccess')
    const [sender = '', recipients = ''] = lines.values
    return { ok: true, head: { sender, recipients: [recipients], start: lines.start } }
  },
}

export const CPS_FORMAT: ForeignFormat = {
  folders: ['new', 'cur'],
  look: (spot) => lookAtName(spot),
  parse(bytes, whole) {
    const lines = readLines(bytes, whole, CPS)
    if (!lines.ok) return lines
    const header = scanHeader(bytes, lines.start, whole)
    if (header === undefined) return endsEarly(whole, 'its header is too large')
    const [sender = '', recipients = '', host = '', port = '', user = '', password = ''] = lines.values
    return {
      ok: true,
      head: {
        sender: sender === 'None' ? undefined : sender,
        recipients: [recipients],
        start: lines.start,
        cuts: rangesOf(header, ['bcc']),
        notes: [...serverNote(host, port), ...loginNote(user, password)],
      },
    }
  },
}

const isSet = (value: string): boolean => value !== '' && value !== 'None'

function serverNote(host: string, port: string): string[] {
  if (!isSet(host)) return []
  const server = quoteForMessage(isSet(port) ? `${host}:${port}` : host)
  return [`it was meant for the server ${server}; it goes to the configured one`]
}

function loginNote(user: string, password: string): string[] {
  if (!isSet(user) && !isSet(password)) return []
  return ['the user name and the password in it are not taken over']
}
