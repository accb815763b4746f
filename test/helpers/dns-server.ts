/**
 * A DNS server on 127.0.0.1 for tests: it answers questions for SRV, MX and TXT records over UDP (RFC 1035, RFC 2782)
 * from a table, and a resolver that asks it.
 */
import { createSocket } from 'node:dgram'
import type { MxRecord, SrvRecord } from 'node:dns'
import { Resolver } from 'node:dns/promises'

/** A record; a text stands for a TXT record. */
type Known = SrvRecord | MxRecord | string

/** What is known about a name; a number is the code of a failure, such as 2 for SERVFAIL. */
export type Zone = Readonly<Record<string, readonly Known[] | number | 'silent'>>

/** A running server. */
export interface DnsServer {
  /** The names that were asked for. */
  readonly asked: readonly string[]
  /** Its address and port, as resolv.conf may name it. */
  readonly place: string
  /** Asks this server and no other. */
  readonly resolver: Resolver
  close(): Promise<void>
}

const NXDOMAIN = 3
const TYPES = { MX: 15, TXT: 16, SRV: 33 }

const encodeName = (name: string): Buffer =>
  Buffer.concat([
    ...name
      .split('.')
      .filter((label) => label !== '')
      .map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)])),
    Buffer.from([0]),
  ])

/** The name in a question, and where the question ends. */
function readQuestion(packet: Buffer): { readonly name: string; readonly end: number } {
  const labels: string[] = []
  let at = 12
  for (let size = packet[at] ?? 0; size > 0; size = packet[at] ?? 0) {
    labels.push(packet.toString('latin1', at + 1, at + 1 + size))
    at += size + 1
  }
  return { name: labels.join('.'), end: at + 5 }
}

/** Texts are cut into parts of 255 octets. */
function encodeText(text: string): Buffer {
  const parts = text.match(/.{1,255}/gs) ?? ['']
  return Buffer.concat(parts.map((part) => Buffer.concat([Buffer.from([part.length]), Buffer.from(part)])))
}

const encodeNumbers = (...numbers: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(2 * numbers.length)
  for (const [at, number] of numbers.entries()) bytes.writeUInt16BE(number, 2 * at)
  return bytes
}

/** Type and data of a record. */
function dataOf(known: Known): readonly [type: number, data: Buffer] {
  if (typeof known === 'string') return [TYPES.TXT, encodeText(known)]
  if ('exchange' in known)
    return [TYPES.MX, Buffer.concat([encodeNumbers(known.priority), encodeName(known.exchange)])]
  const numbers = encodeNumbers(known.priority, known.weight, known.port)
  return [TYPES.SRV, Buffer.concat([numbers, encodeName(known.name)])]
}

function record(known: Known): Buffer {
  const [type, data] = dataOf(known)
  // the name of the question, by pointer; type, class, time to live, size
  return Buffer.concat([encodeNumbers(0xc00c, type, 1, 0, 60, data.length), data])
}

function answer(question: Buffer, end: number, known: readonly Known[] | number): Buffer {
  const records = typeof known === 'number' ? [] : known
  const head = Buffer.from(question.subarray(0, 12))
  head.writeUInt16BE(0x8180 | (typeof known === 'number' ? known : 0), 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt16BE(records.length, 6)
  head.writeUInt32BE(0, 8)
  return Buffer.concat([head, question.subarray(12, end), ...records.map(record)])
}

/** Starts a server on a free port; names that are not in the zone do not exist. */
export async function startDnsServer(zone: Zone): Promise<DnsServer> {
  const asked: string[] = []
  const socket = createSocket('udp4')
  socket.on('message', (packet, { port, address }) => {
    const { name, end } = readQuestion(packet)
    asked.push(name)
    const known = zone[name] ?? NXDOMAIN
    if (known !== 'silent') socket.send(answer(packet, end, known), port, address)
  })
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  const resolver = new Resolver({ timeout: 2000, tries: 1 })
  const place = `127.0.0.1:${socket.address().port}`
  resolver.setServers([place])
  return {
    asked,
    place,
    resolver,
    close: () => new Promise<void>((resolve) => socket.close(() => resolve())),
  }
}
