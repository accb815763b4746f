/**
 * The private key of a DKIM signature: RSA or Ed25519, as a PEM file (PKCS #1 or PKCS #8). A key that cannot be used is
 * an answer, not an error: the mail that needs it can wait.
 */
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { describeError, errnoOf } from '../../errors/errno.ts'

/** A key that can be used. */
export interface DkimKey {
  readonly algorithm: 'rsa-sha256' | 'ed25519-sha256'
  readonly key: KeyObject
  /** The permission bits of the file, when others than its owner and its group can read it. */
  readonly exposed: number | undefined
}

/** Why there is none: what, why, what to do. */
export interface UnusableKey {
  readonly reason: string
}

/** The shortest key that verifiers accept, in bits (RFC 8301 section 3.2). */
const SHORTEST_RSA = 1024
/** In octets; a key of 16384 bits has 13 KB. */
const LARGEST_FILE = 64 * 1024
const OTHERS_READ = 0o004

const ERRNO: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file; make it, or correct dkim_key',
  EACCES: 'permission denied; let the user who sends the mail read it, or leave the sending to mq-run',
}

function readKeyFile(path: string): { readonly pem: Buffer; readonly mode: number } | UnusableKey {
  // A FIFO nobody writes to must not hold up the mail.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile()) return { reason: 'it is no regular file; name a PEM file' }
    if (stat.size > LARGEST_FILE) return { reason: 'it is too large to be a key; name a PEM file' }
    return { pem: readFileSync(fd), mode: stat.mode & 0o777 }
  } finally {
    closeSync(fd)
  }
}

function parseKey(pem: Buffer, exposed: number | undefined): DkimKey | UnusableKey {
  if (/ENCRYPTED/.test(pem.toString('latin1'))) {
    return { reason: 'it is protected by a passphrase; store it without one, readable by its owner only' }
  }
  const key = createPrivateKey(pem)
  if (key.asymmetricKeyType === 'ed25519') return { algorithm: 'ed25519-sha256', key, exposed }
  if (key.asymmetricKeyType !== 'rsa') {
    return {
      reason: `it is a key of type ${key.asymmetricKeyType ?? 'unknown'}; make one of type RSA or Ed25519`,
    }
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
  if (bits >= SHORTEST_RSA) return { algorithm: 'rsa-sha256', key, exposed }
  return {
    reason: `it has ${bits} bits, and verifiers accept no less than ${SHORTEST_RSA}; make one of 2048`,
  }
}

/**
 * Reads a key.
 *
 * @param path absolute path of the PEM file
 * @returns the key, or why it cannot be used; never a part of the file
 */
export function readDkimKey(path: string): DkimKey | UnusableKey {
  let file: ReturnType<typeof readKeyFile>
  try {
    file = readKeyFile(path)
  } catch (error) {
    return { reason: ERRNO[errnoOf(error) ?? ''] ?? describeError(error) }
  }
  if ('reason' in file) return file
  try {
    return parseKey(file.pem, (file.mode & OTHERS_READ) === 0 ? undefined : file.mode)
  } catch {
    return { reason: 'it is no private key in PEM format; make one with "openssl genrsa 2048"' }
  }
}
