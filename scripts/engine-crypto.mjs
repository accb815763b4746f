/**
 * Stands for node:crypto in the protocol engine and the composer, which want random octets for every mail, and a digest
 * only for a kind of login: node:crypto takes longer to load than a small message to be sent.
 */
import { createHmac } from 'node:crypto'
import { randomOctets } from '../src/util/random.ts'

export default { randomBytes: randomOctets, createHmac: (...args) => createHmac(...args) }
