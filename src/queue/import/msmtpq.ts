/**
 * The queue of msmtpq and of msmtpqueue: `NAME.mail` is the message, `NAME.msmtp` the command line of msmtp that
 * sends it. Both are written in place, so a file that lacks its other half is reported and never imported. While
 * `.lock` exists, msmtpq may be sending any message.
 */
import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { fieldText } from '../../message/header-block.ts'
import { headerRecipients } from '../../message/recipients.ts'
import { openForeign, readStart } from './foreign-file.ts'
import { endsEarly, refuse, type ForeignFormat, type HeadResult, type Look, type Spot } from './format.ts'
import { rangesOf, scanHeader, type PlacedHeader } from './header-scan.ts'
import { readMsmtpWords, type MsmtpCall } from './msmtp-words.ts'

const MAIL = '.mail'
const WORDS = '.msmtp'
/** The largest command line that is read, in octets. */
const MAX_WORDS = 1024 * 1024

const exists = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined
const wordsPath = ({ directory, name }: Spot): string => join(directory, name.slice(0, -MAIL.length) + WORDS)

function look(spot: Spot): Look {
  const { directory, name } = spot
  if (name.startsWith('.')) return { kind: 'nothing' }
  if (name.endsWith(WORDS)) {
    const mail = join(directory, name.slice(0, -WORDS.length) + MAIL)
    // Asked again for the file itself: an import that moves has just removed both.
    if (exists(mail) || !exists(join(directory, name))) return { kind: 'nothing' }
    return { kind: 'skip', why: 'its .mail file is missing' }
  }
  if (!name.endsWith(MAIL)) return { kind: 'nothing' }
  const lock = join(directory, '.lock')
  if (exists(lock)) {
    return { kind: 'skip', why: `msmtpq is at work, or has died: end it, remove ${lock} and import again` }
  }
  return { kind: 'read', failed: false, companions: [wordsPath(spot)], notes: [] }
}

function readCall(spot: Spot): MsmtpCall | string {
  const file = openForeign(wordsPath(spot))
  if (!file.ok) return `its .msmtp file cannot be used: ${file.why}`
  try {
    if (file.size > MAX_WORDS) return 'its .msmtp file is too large'
    const text = readStart(file.fd, file.size).toString('utf8')
    // A line end is the last thing that is written.
    return text.endsWith('\n')
      ? readMsmtpWords(text)
      : 'its .msmtp file is torn: it does not end with a line end'
  } finally {
    file.close()
  }
}

function parse(bytes: Buffer, whole: boolean, spot: Spot): HeadResult {
  if (!spot.name.endsWith(MAIL)) return refuse('its name does not end in .mail')
  const call = readCall(spot)
  if (typeof call === 'string') return refuse(call)
  const header = scanHeader(bytes, 0, whole)
  if (header === undefined) return endsEarly(whole, 'its header is too large')
  if (header.all.length === 0) return refuse('it does not begin with a header')
  const inHeader = call.recipientsInHeader ? headerRecipients(header) : { recipients: [], problems: [] }
  const [problem] = inHeader.problems
  if (problem !== undefined) return refuse(problem)
  return {
    ok: true,
    head: {
      sender: call.senderInHeader ? fromField(header) : call.sender,
      recipients: [...call.operands, ...inHeader.recipients],
      start: 0,
      cuts: call.keepsBcc ? [] : rangesOf(header, ['bcc', 'resent-bcc']),
      ...(call.reports === undefined ? {} : { reports: call.reports }),
      notes: call.choosesServer ? ['it chooses an account or a server; it goes to the configured one'] : [],
    },
  }
}

function fromField(header: PlacedHeader): string | undefined {
  const [field] = header.fields('from')
  return field === undefined ? undefined : fieldText(field)
}

export const MSMTPQ_FORMAT: ForeignFormat = { folders: [], look, parse }
