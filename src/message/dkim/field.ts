/**
 * The DKIM-Signature field (RFC 6376 section 3.5): which fields it covers, and how it is written. It has no time in it,
 * so that the same message and the same key always give the same bytes. Text is latin1.
 */
import { createHash, sign } from 'node:crypto'
import { relaxedField } from './canonical.ts'
import type { DkimKey } from './key.ts'
import type { HeaderBlock } from '../header-block.ts'

/** Who signs. */
export interface DkimIdentity {
  /** The signing domain, in ASCII. */
  readonly domain: string
  readonly selector: string
}

/**
 * The fields that are signed (section 5.4.1), and in how far: each one that is there, and one more, so that nobody can
 * add another on the way. Those of the first list are also signed where there is none. What relays add or change is in
 * neither: Return-Path, Received, Bcc, DKIM-Signature, Authentication-Results and X- fields.
 */
const EVEN_IF_MISSING = ['From', 'Reply-To', 'Subject', 'To', 'Cc']
const IF_PRESENT = [
  'Sender',
  'Date',
  'Message-ID',
  'In-Reply-To',
  'References',
  'MIME-Version',
  'Content-Type',
  'Content-Transfer-Encoding',
  'Content-ID',
  'Content-Description',
  'Resent-Date',
  'Resent-From',
  'Resent-Sender',
  'Resent-To',
  'Resent-Cc',
  'Resent-Message-ID',
  'List-Id',
  'List-Help',
  'List-Unsubscribe',
  'List-Unsubscribe-Post',
  'List-Subscribe',
  'List-Post',
  'List-Owner',
  'List-Archive',
]

const LONGEST_LINE = 76

/** The names of the fields that a signature of this header covers, in lower case, in the order of the tag `h`. */
export function signedNames(header: HeaderBlock): string[] {
  const covered = (name: string): string[] =>
    Array.from({ length: header.fields(name).length + 1 }, () => name.toLowerCase())
  return [
    ...EVEN_IF_MISSING.flatMap(covered),
    ...IF_PRESENT.flatMap((name) => (header.fields(name).length > 0 ? covered(name) : [])),
  ]
}

/** Items in lines that are no longer than 76 characters, as far as the items allow. */
function foldItems(lead: string, items: readonly string[]): string {
  const lines: string[] = []
  let line = lead
  for (const item of items) {
    if (line.length + item.length > LONGEST_LINE && line !== lead) {
      lines.push(line)
      line = ' '
    }
    line += item
  }
  return [...lines, line].join('\r\n')
}

/**
 * The octets that are signed (section 3.7): the fields from the last to the first of each name, then the field of the
 * signature itself.
 *
 * @param names as in the tag `h`; one for which no field is left stands for nothing
 * @param signature the whole field with an empty tag `b`
 */
export function signedOctets(header: HeaderBlock, names: readonly string[], signature: string): Buffer {
  const left = new Map<string, string[]>()
  const lines = names.flatMap((name) => {
    const rest = left.get(name) ?? header.fields(name).map(({ raw }) => raw)
    left.set(name, rest)
    const raw = rest.pop()
    return raw === undefined ? [] : [`${relaxedField(raw)}\r\n`]
  })
  return Buffer.from(lines.join('') + relaxedField(signature), 'latin1')
}

/** Signs octets; the result is in base64. */
export function signOctets(octets: Buffer, { algorithm, key }: DkimKey): string {
  // Ed25519 signs the hash of the octets as if it were the message (RFC 8463 section 3).
  const signed =
    algorithm === 'rsa-sha256'
      ? sign('sha256', octets, key)
      : sign(null, createHash('sha256').update(octets).digest(), key)
  return signed.toString('base64')
}

/**
 * Makes the field.
 *
 * @param header that of the message, with a From field
 * @param bodyHash SHA-256 of the canonical body, in base64
 * @returns the field with its CRLF, to be put in front of the message
 */
export function signatureField(
  header: HeaderBlock,
  bodyHash: string,
  { domain, selector }: DkimIdentity,
  key: DkimKey,
): string {
  const names = signedNames(header)
  const items = names.map((name, index) => (index === names.length - 1 ? `${name};` : `${name}:`))
  const unsigned = [
    `DKIM-Signature: v=1; a=${key.algorithm}; c=relaxed/relaxed;`,
    ` d=${domain}; s=${selector};`,
    foldItems(' h=', items),
    ` bh=${bodyHash};`,
    ' b=',
  ].join('\r\n')
  const value = signOctets(signedOctets(header, names, unsigned), key)
  return `${unsigned}${(value.match(/.{1,72}/g) ?? []).join('\r\n ')}\r\n`
}
