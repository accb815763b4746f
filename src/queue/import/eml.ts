/**
 * Messages without an envelope: a file, a directory of files or a Maildir. The caller says who sent them and who
 * gets them. Bcc is taken out, as for any new message; nothing else changes.
 */
import { endsEarly, lookAtName, refuse, type ForeignFormat } from './format.ts'
import { rangesOf, scanHeader } from './header-scan.ts'

export const EML_FORMAT: ForeignFormat = {
  folders: ['new', 'cur'],
  look: (spot) => lookAtName(spot),
  parse(bytes, whole) {
    const header = scanHeader(bytes, 0, whole)
    if (header === undefined) return endsEarly(whole, 'its header is too large')
    if (header.all.length === 0) return refuse('it does not begin with a header')
    const cuts = rangesOf(header, ['bcc', 'resent-bcc'])
    return { ok: true, head: { sender: undefined, recipients: undefined, start: 0, cuts } }
  },
}
