/**
 * The queue of repoze.sendmail: the envelope is in two header fields of the message, X-Actually-From and
 * X-Actually-To, mostly as encoded words. They are taken out; every other octet of the message stays.
 */
import { decodedWords } from '../../message/encoded-word.ts'
import { fieldText } from '../../message/header-block.ts'
import { endsEarly, refuse, type ForeignFormat } from './format.ts'
import { rangesOf, scanHeader, type PlacedHeader } from './header-scan.ts'
import { lookAtLocks } from './zope-lock.ts'

const FROM = 'X-Actually-From'
const TO = 'X-Actually-To'

/** A field that the program writes once. A second one came with the message, and nobody can say which is which. */
function onlyText(header: PlacedHeader, name: string): { text: string } | { why: string } {
  const [field, second] = header.fields(name)
  if (field === undefined) return { why: `its header has no ${name}` }
  if (second !== undefined) return { why: `its header has ${name} twice` }
  const text = decodedWords(fieldText(field))
  return text.includes('=?') ? { why: `${name} is in an unknown encoding` } : { text }
}

export const REPOZE_FORMAT: ForeignFormat = {
  folders: ['new', 'cur'],
  look: lookAtLocks,
  parse(bytes, whole) {
    const header = scanHeader(bytes, 0, whole)
    if (header === undefined) return endsEarly(whole, 'its header is too large')
    const sender = onlyText(header, FROM)
    if ('why' in sender) return refuse(sender.why)
    const recipients = onlyText(header, TO)
    if ('why' in recipients) return refuse(recipients.why)
    const cuts = rangesOf(header, [FROM.toLowerCase(), TO.toLowerCase()])
    return { ok: true, head: { sender: sender.text, recipients: [recipients.text], start: 0, cuts } }
  },
}
