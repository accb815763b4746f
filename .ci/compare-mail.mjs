/**
 * Compares two mails as a third program reads them: the one that another mail(1) gave its MTA, and the one that our
 * server got. Prints each difference and ends with 1; the envelope's recipients, subject, addresses, media type, text,
 * further fields named X-... and attachments must be the same.
 *
 *     node compare-mail.mjs THEIRS OURS
 *
 * THEIRS.argv has the arguments of the MTA, a line each, THEIRS.eml what it read; OURS.env and OURS.eml are as
 * sink.mjs writes them.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { simpleParser } from 'mailparser'

const [theirs, ours] = process.argv.slice(2)

const mailboxes = (field) =>
  [field ?? []].flat().flatMap(({ value }) => value.map(({ name, address }) => `${name} <${address}>`))

/** A file byte for byte; what has no name is a text, and its line ends are those of its way. */
function part({ filename, contentType, content }) {
  const same = filename === undefined ? content.toString('latin1').replaceAll('\r\n', '\n') : content
  return [filename, contentType, same.length, createHash('sha256').update(same).digest('hex')]
}

/** What a person sees of it. */
async function seen(path) {
  const mail = await simpleParser(readFileSync(path))
  return {
    subject: mail.subject ?? '',
    to: mailboxes(mail.to),
    cc: mailboxes(mail.cc),
    replyTo: mailboxes(mail.replyTo),
    // an MTA adds the author when there is none
    from: mailboxes(mail.from),
    type: mail.headers.get('content-type')?.value ?? 'text/plain',
    text: (mail.text ?? '').replace(/\n*$/, '\n'),
    html: mail.html || '',
    own: [...mail.headers].filter(([name]) => name.startsWith('x-')),
    attachments: mail.attachments.map(part),
    bcc: mailboxes(mail.bcc),
  }
}

const addressesOf = (list) => list.map((each) => /<([^>]*)>$/.exec(each)[1])
const sorted = (list) => [...list].sort()

const their = await seen(`${theirs}.eml`)
const our = await seen(`${ours}.eml`)
const argv = readFileSync(`${theirs}.argv`, 'utf8').split('\n').filter(Boolean)
const readsHeader = argv.includes('-t')
their.recipients = sorted(
  readsHeader ? addressesOf([...their.to, ...their.cc, ...their.bcc]) : argv.slice(argv.indexOf('--') + 1),
)
our.recipients = sorted(JSON.parse(readFileSync(`${ours}.env`, 'utf8')).recipients)
if (their.from.length === 0) our.from = []

const differences = Object.keys(our)
  .filter((key) => key !== 'bcc')
  .filter((key) => JSON.stringify(their[key]) !== JSON.stringify(our[key]))
for (const key of differences)
  console.error(`    ${key}: they have ${JSON.stringify(their[key])}, we have ${JSON.stringify(our[key])}`)
if (our.bcc.length > 0) console.error('    our message has a Bcc field')
process.exit(differences.length === 0 && our.bcc.length === 0 ? 0 : 1)
