/**
 * SCRAM (RFC 5802, RFC 7677), with and without channel binding. The password is never sent, and the server has to
 * prove that it knows it: a server that does not, that changes the nonce or that asks for too few or too many rounds
 * is refused, whatever it says in the end.
 */
import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto'
import { SaslError, type ChannelBinding, type SaslClient, type SaslIdentity } from './sasl.ts'
import { saslPrep } from './saslprep.ts'

/** What RFC 7677 section 4 asks for; fewer make a password easy to guess for who listens. */
const FEWEST_ROUNDS = 4096
/** About a second of one processor; more would let a server keep us busy. */
const MOST_ROUNDS = 2_000_000
/** In octets; much longer than any server makes them. */
const LONGEST_CHALLENGE = 4096

/** One of the hash functions that SCRAM is used with. */
export type ScramHash = 'sha1' | 'sha256'

/** What a login says about channel binding (RFC 5802 section 6). */
export type ScramBinding =
  /** Used; the server offers it. */
  | ChannelBinding
  /** `y`: we could, but the server did not offer it. Who took the offer away on the way is found out by that. */
  | 'not-offered'
  /** `n`: we cannot. */
  | 'impossible'

/** How a login is made. */
export interface ScramOptions {
  readonly hash: ScramHash
  readonly binding: ScramBinding
  /** For the examples of the standards; random unless given. */
  readonly nonce?: string
}

type Attributes = ReadonlyMap<string, string>

function attributesOf(message: string): Attributes {
  return new Map(message.split(',').map((part) => [part.slice(0, 1), part.slice(2)] as const))
}

function gs2Header(binding: ScramBinding): string {
  if (binding === 'impossible') return 'n,,'
  return binding === 'not-offered' ? 'y,,' : `p=${binding.type},,`
}

interface Challenge {
  readonly nonce: string
  readonly salt: Buffer
  readonly rounds: number
}

function readChallenge(message: string, ourNonce: string): Challenge {
  const attributes = attributesOf(message)
  const nonce = attributes.get('r') ?? ''
  const salt = Buffer.from(attributes.get('s') ?? '', 'base64')
  const rounds = /^\d{1,10}$/.test(attributes.get('i') ?? '') ? Number(attributes.get('i')) : 0
  if (message.startsWith('m='))
    throw new SaslError('the server demands an extension of SCRAM that nobody knows')
  if (!nonce.startsWith(ourNonce) || nonce.length === ourNonce.length || salt.length === 0 || rounds === 0) {
    throw new SaslError('the challenge of the server is not one of SCRAM (RFC 5802)')
  }
  if (rounds < FEWEST_ROUNDS) {
    throw new SaslError(
      `the server asks for ${rounds} rounds of SCRAM, and fewer than ${FEWEST_ROUNDS} are not safe`,
    )
  }
  if (rounds > MOST_ROUNDS) {
    throw new SaslError(
      `the server asks for ${rounds} rounds of SCRAM, more than the ${MOST_ROUNDS} that are made`,
    )
  }
  return { nonce, salt, rounds }
}

function stretch(password: string, { salt, rounds }: Challenge, hash: ScramHash): Promise<Buffer> {
  const length = createHash(hash).digest().length
  return new Promise((resolve, reject) => {
    pbkdf2(password, salt, rounds, length, hash, (error, key) =>
      error === null ? resolve(key) : reject(error),
    )
  })
}

class Scram implements SaslClient {
  readonly first: Buffer
  readonly #options: ScramOptions
  readonly #password: string
  readonly #nonce: string
  readonly #bare: string
  #expected: Buffer | undefined
  #proven = false

  constructor({ user, secret }: SaslIdentity, options: ScramOptions) {
    this.#options = options
    this.#password = saslPrep(secret, 'password')
    this.#nonce = options.nonce ?? randomBytes(24).toString('base64')
    const name = saslPrep(user, 'user name').replaceAll('=', '=3D').replaceAll(',', '=2C')
    this.#bare = `n=${name},r=${this.#nonce}`
    this.first = Buffer.from(gs2Header(options.binding) + this.#bare)
  }

  async step(challenge: Buffer): Promise<Buffer> {
    if (challenge.length > LONGEST_CHALLENGE) throw new SaslError('the challenge of the server is too long')
    const message = challenge.toString('utf8')
    if (this.#expected === undefined) return this.#prove(message)
    this.#verify(message, this.#expected)
    return Buffer.alloc(0)
  }

  doubt(): string | undefined {
    return this.#proven ? undefined : 'the server did not prove that it knows the password'
  }

  async #prove(serverFirst: string): Promise<Buffer> {
    refuseError(serverFirst)
    const challenge = readChallenge(serverFirst, this.#nonce)
    const { hash, binding } = this.#options
    const hmac = (key: Buffer, text: string): Buffer => createHmac(hash, key).update(text).digest()
    const salted = await stretch(this.#password, challenge, hash)
    const bound = typeof binding === 'string' ? Buffer.alloc(0) : binding.data
    const channel = Buffer.concat([Buffer.from(gs2Header(binding)), bound]).toString('base64')
    const withoutProof = `c=${channel},r=${challenge.nonce}`
    const exchange = `${this.#bare},${serverFirst},${withoutProof}`
    const clientKey = hmac(salted, 'Client Key')
    const signature = hmac(createHash(hash).update(clientKey).digest(), exchange)
    const proof = Buffer.from(clientKey.map((octet, at) => octet ^ (signature[at] ?? 0)))
    this.#expected = hmac(hmac(salted, 'Server Key'), exchange)
    return Buffer.from(`${withoutProof},p=${proof.toString('base64')}`)
  }

  #verify(serverFinal: string, expected: Buffer): void {
    refuseError(serverFinal)
    const signature = Buffer.from(attributesOf(serverFinal).get('v') ?? '', 'base64')
    if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) {
      throw new SaslError('the server does not know the password: it is not the server that it seems to be')
    }
    this.#proven = true
  }
}

/** The `e` attribute, with which a server says why it refuses (RFC 5802 section 7). */
function refuseError(message: string): void {
  const error = attributesOf(message).get('e')
  if (error === undefined) return
  const unusable = error === 'unsupported-channel-binding-type'
  throw new SaslError(`the server says: ${error}`, unusable)
}

/**
 * SCRAM.
 *
 * @throws SaslError when user name or password have characters that it cannot carry
 */
export function scram(identity: SaslIdentity, options: ScramOptions): SaslClient {
  return new Scram(identity, options)
}
