/**
 * Verifies a DKIM signature (RFC 6376 section 6.1, relaxed/relaxed) as a receiver would, without any code of the signer.
 */
import { createHash, verify, type KeyObject } from 'node:crypto'

interface Field {
  readonly name: string
  readonly raw: string
}

function fieldsOf(header: string): Field[] {
  const raws = header.match(/[^\r\n]+(?:\r\n[ \t][^\r\n]*)*\r\n/g) ?? []
  return raws.map((raw) => ({ name: raw.slice(0, raw.indexOf(':')).trim().toLowerCase(), raw }))
}

function relaxed({ name, raw }: Field): string {
  const value = raw.slice(raw.indexOf(':') + 1).replaceAll('\r\n', '')
  return `${name}:${value.replace(/[ \t]+/g, ' ').trim()}`
}

/** The body line by line, so that one of any size needs no second copy. */
function bodyHash(body: string): string {
  const hash = createHash('sha256')
  let empty = 0
  for (let at = 0; at < body.length;) {
    const end = body.indexOf('\r\n', at)
    const line = body
      .slice(at, end === -1 ? undefined : end)
      .replace(/[ \t]+/g, ' ')
      .replace(/ $/, '')
    at = end === -1 ? body.length : end + 2
    if (line === '') empty += 1
    else {
      hash.update(`${'\r\n'.repeat(empty)}${line}\r\n`, 'latin1')
      empty = 0
    }
  }
  return hash.digest('base64')
}

/** The fields that the signature covers, the last of each name first (section 5.4.2). */
function covered(fields: readonly Field[], names: readonly string[]): string[] {
  const left = [...fields]
  return names.flatMap((name) => {
    const place = left.findLastIndex((field) => field.name === name)
    return place === -1 ? [] : left.splice(place, 1).map((field) => `${relaxed(field)}\r\n`)
  })
}

/**
 * Checks the first signature of a message.
 *
 * @param message as it came, dots taken out
 * @returns `valid`, or what is wrong
 */
export function verifyDkim(message: Buffer, key: KeyObject): string {
  const text = message.toString('latin1')
  const end = text.indexOf('\r\n\r\n')
  const [signature, ...others] = fieldsOf(text.slice(0, end + 2))
  if (signature?.name !== 'dkim-signature') return 'not signed'
  const value = signature.raw.slice(signature.raw.indexOf(':') + 1).replace(/\s/g, '')
  const tags = new Map(
    value.split(';').map((tag) => [tag.slice(0, tag.indexOf('=')), tag.slice(tag.indexOf('=') + 1)] as const),
  )
  if (tags.get('c') !== 'relaxed/relaxed') return `canonicalization ${tags.get('c') ?? 'unknown'}`
  if (tags.get('bh') !== bodyHash(text.slice(end + 4))) return 'the body was changed'
  const unsigned = signature.raw.replace(/(;\s*b=)[^;]*?(\r\n)?$/, '$1')
  const names = (tags.get('h') ?? '').toLowerCase().split(':')
  const octets = covered(others, names).join('') + relaxed({ ...signature, raw: unsigned })
  const algorithm = key.asymmetricKeyType === 'ed25519' ? undefined : 'sha256'
  const digest = createHash('sha256').update(octets, 'latin1').digest()
  const data = algorithm === undefined ? digest : Buffer.from(octets, 'latin1')
  return verify(algorithm, data, key, Buffer.from(tags.get('b') ?? '', 'base64'))
    ? 'valid'
    : 'wrong signature'
}
