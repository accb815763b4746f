/**
 * The channel bindings of a TLS connection: `tls-exporter` (RFC 9266) on TLS 1.3, and `tls-server-end-point`
 * (RFC 5929 section 4), the hash of the server's certificate. `tls-unique` is left out: it does not exist in TLS 1.3
 * and is unsafe before it. What cannot be told is no binding; nothing is thrown.
 */
import { createHash } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import type { ChannelBinding } from './sasl.ts'

const EXPORTER_LABEL = 'EXPORTER-Channel-Binding'
const EXPORTER_LENGTH = 32

/** Object identifiers of signature algorithms, in DER and hexadecimal, and the hash of each binding. */
const SIGNATURE_HASHES: Readonly<Record<string, string>> = {
  // MD5 and SHA-1 are replaced by SHA-256, as RFC 5929 says.
  '2a864886f70d010104': 'sha256',
  '2a864886f70d010105': 'sha256',
  '2a8648ce3d0401': 'sha256',
  '2a864886f70d01010e': 'sha224',
  '2a864886f70d01010b': 'sha256',
  '2a864886f70d01010c': 'sha384',
  '2a864886f70d01010d': 'sha512',
  '2a8648ce3d040301': 'sha224',
  '2a8648ce3d040302': 'sha256',
  '2a8648ce3d040303': 'sha384',
  '2a8648ce3d040304': 'sha512',
}
const RSA_PSS = '2a864886f70d01010a'
/** The hash that the parameters of RSASSA-PSS name first; without one it is SHA-1. */
const PSS_HASHES: Readonly<Record<string, string>> = {
  '608648016503040201': 'sha256',
  '608648016503040202': 'sha384',
  '608648016503040203': 'sha512',
}

interface Element {
  readonly content: Buffer
  /** What follows it. */
  readonly rest: Buffer
}

/** The first element of some DER. */
function element(der: Buffer): Element {
  const first = der[1] ?? 0
  const octets = first < 0x80 ? 0 : first & 0x7f
  const length = octets === 0 ? first : der.readUIntBE(2, octets)
  const start = 2 + octets
  return { content: der.subarray(start, start + length), rest: der.subarray(start + length) }
}

/** The hash function of a certificate's signature; undefined when it has none of its own, as with Ed25519. */
function signatureHash(certificate: Buffer): string | undefined {
  // Certificate is a sequence of what is signed, the algorithm (a sequence of its identifier and parameters), and bits.
  const algorithm = element(element(element(certificate).content).rest).content
  const { content, rest } = element(algorithm)
  const identifier = content.toString('hex')
  if (identifier !== RSA_PSS) return SIGNATURE_HASHES[identifier]
  const parameters = rest.toString('hex')
  return Object.entries(PSS_HASHES).find(([name]) => parameters.includes(name))?.[1] ?? 'sha256'
}

/**
 * The `tls-server-end-point` binding of a certificate.
 *
 * @param certificate in DER
 */
function endPointBinding(certificate: Buffer): ChannelBinding | undefined {
  try {
    const hash = signatureHash(certificate)
    if (hash === undefined) return undefined
    return { type: 'tls-server-end-point', data: createHash(hash).update(certificate).digest() }
  } catch {
    return undefined
  }
}

function exporterBinding(socket: TLSSocket): ChannelBinding | undefined {
  if (socket.getProtocol() !== 'TLSv1.3') return undefined
  try {
    const data = socket.exportKeyingMaterial(EXPORTER_LENGTH, EXPORTER_LABEL, Buffer.alloc(0))
    return { type: 'tls-exporter', data }
  } catch {
    return undefined
  }
}

/** The bindings of a connection, the better one first. */
export function channelBindings(socket: TLSSocket): readonly ChannelBinding[] {
  const certificate: unknown = Reflect.get(socket.getPeerCertificate(), 'raw')
  const endPoint = Buffer.isBuffer(certificate) ? endPointBinding(certificate) : undefined
  return [exporterBinding(socket), endPoint].filter((binding) => binding !== undefined)
}
