/**
 * Signs a message with DKIM (RFC 6376, RFC 8463), relaxed/relaxed. What is signed is what goes out: text that a relay
 * might have to encode, and lines that are too long, are encoded first (section 5.3), unless a signature covers them
 * already. A large body is only ever streamed. Rejects when the content can't be read.
 */
import { createHash } from 'node:crypto'
import { asciiDomain } from '../../util/ascii-domain.ts'
import { parseAddressList } from '../address/list.ts'
import { domainOf } from '../address/address.ts'
import { contentAfter, joinContent, type MessageContent } from '../content.ts'
import { RelaxedBody } from './canonical.ts'
import { signatureField, type DkimIdentity } from './field.ts'
import type { DkimKey } from './key.ts'
import { fieldText, splitHeader, type HeaderBlock } from '../header-block.ts'
import { readOriginal } from '../original-message.ts'
import { noteWireFacts, wireFacts, WireScan } from '../wire-facts.ts'

/** Whether a domain is the signing domain or one below it. */
function isAligned(domain: string, signing: string): boolean {
  const ascii = asciiDomain(domain)?.toLowerCase() ?? ''
  return ascii === signing || ascii.endsWith(`.${signing}`)
}

function whyUnsigned(header: HeaderBlock, domain: string): string | undefined {
  const [from, ...others] = header.fields('from')
  if (from === undefined || others.length > 0) return 'it does not have exactly one From field'
  const { addresses } = parseAddressList(fieldText(from))
  if (addresses.length === 0) return 'its From field names no address'
  const foreign = addresses.find(({ address }) => !isAligned(domainOf(address), domain))
  return foreign === undefined ? undefined : `its From field is not of ${domain} (dkim_domain)`
}

/**
 * Why a message is not signed: only mail from the signing domain and the domains below it is, because a signature of
 * another domain is worth nothing to a receiver.
 *
 * @param domain the signing domain, in ASCII and lower case
 * @returns undefined when it is to be signed
 */
export async function reasonNotToSign(content: MessageContent, domain: string): Promise<string | undefined> {
  return whyUnsigned(await headerOf(content), domain)
}

async function headerOf(content: MessageContent): Promise<HeaderBlock> {
  return splitHeader((await readOriginal(content, false)).header).header
}

/** As every server takes it, and every relay passes it on. */
async function asItTravels(content: MessageContent): Promise<MessageContent> {
  const { eightBit, longLine } = await wireFacts(content)
  if (!eightBit && !longLine) return content
  const { toSevenBit } = await import('../mime/seven-bit.ts')
  const fitted = await toSevenBit(content, { keepEightBit: false })
  return fitted === 'signed' ? content : fitted
}

/** The hash of a body; the same pass finds out what a server may object to. */
async function bodyHash(body: MessageContent, scan: WireScan): Promise<string> {
  const hash = createHash('sha256')
  const canonical = new RelaxedBody((text) => hash.update(text, 'latin1'))
  const push = (chunk: Buffer): void => {
    scan.push(chunk)
    canonical.push(chunk)
  }
  if (body.bytes === undefined) {
    for await (const chunk of body.stream() as AsyncIterable<Buffer>) push(chunk)
  } else push(body.bytes)
  canonical.end()
  return hash.digest('base64')
}

/**
 * Signs a message.
 *
 * @param content stays open, and the result reads it; signatures that it has are kept
 * @returns the message with one DKIM-Signature more, in front of everything else
 */
export async function signContent(
  content: MessageContent,
  identity: DkimIdentity,
  key: DkimKey,
): Promise<MessageContent> {
  const message = await asItTravels(content)
  const { header: octets } = await readOriginal(message, false)
  const scan = new WireScan()
  scan.push(octets)
  const hash = await bodyHash(contentAfter(message, octets.length), scan)
  const field = signatureField(splitHeader(octets).header, hash, identity, key)
  const signed = joinContent(Buffer.from(field, 'latin1'), message)
  noteWireFacts(signed, scan)
  return signed
}
