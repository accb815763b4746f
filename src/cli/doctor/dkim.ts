/**
 * The step about the DKIM signature: the key can be used, and DNS has the public one that belongs to it. What DNS says is
 * only ever a warning, because this machine may see another DNS than those who verify.
 */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { Resolver } from 'node:dns/promises'
import type { DkimSettings } from '../../config/config.ts'
import { errnoOf } from '../../errors/errno.ts'
import { EX } from '../../errors/sysexits.ts'
import { readDkimKey, type DkimKey } from '../../message/dkim/key.ts'
import { splitSentence } from './sentence.ts'
import type { Finding, Patient } from './step.ts'

/** How long one question waits for its answer, in milliseconds, and how often it is asked. */
const PATIENCE = { timeout: 2000, tries: 1 }

/** What is needed of a resolver. */
export type TxtResolver = Pick<Resolver, 'resolveTxt'>

/** The public key as a record has it (RFC 6376 section 3.6.1, RFC 8463 section 4). */
function publicPart(key: KeyObject): string {
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' })
  // Ed25519 keys are given without the structure around them.
  return (key.asymmetricKeyType === 'ed25519' ? spki.subarray(-32) : spki).toString('base64')
}

async function recordWarning(
  { domain, selector }: DkimSettings,
  { key }: DkimKey,
  resolver: TxtResolver,
): Promise<string | undefined> {
  const name = `${selector}._domainkey.${domain}`
  let records: readonly string[]
  try {
    records = (await resolver.resolveTxt(name)).map((parts) => parts.join(''))
  } catch (error) {
    const code = errnoOf(error) ?? 'no answer'
    if (code !== 'ENOTFOUND' && code !== 'ENODATA')
      return `the DNS record ${name} cannot be looked up here (${code}); check it from elsewhere`
    records = []
  }
  const expected = publicPart(key)
  const found = records.map((record) => /(?:^|;)\s*p=([^;]*)/.exec(record)?.[1]?.replace(/\s/g, ''))
  if (found.includes(expected)) return undefined
  const what = found.some((each) => each !== undefined) ? 'has another public key' : 'does not exist'
  return `the DNS record ${name} ${what}, so signatures are not valid; publish it with p=${expected}`
}

/**
 * Mail can be signed.
 *
 * @param resolver looks the record up; that of the system unless given
 */
export async function lookAtDkim(
  { config: { smtp } }: Pick<Patient, 'config'>,
  resolver: TxtResolver = new Resolver(PATIENCE),
): Promise<Finding> {
  const dkim = smtp?.dkim
  if (dkim === undefined) return { state: 'skipped', why: 'mail is not signed (dkim_domain)' }
  const { domain, selector, keyFile, strict } = dkim
  const facts = { domain, selector, key: keyFile }
  const key = readDkimKey(keyFile)
  const what = `mail of ${domain} cannot be signed, so it waits`
  if ('reason' in key) {
    const { why, remedy } = splitSentence(key.reason, 'correct dkim_key')
    return { state: 'failed', what, why: `${keyFile}: ${why}`, remedy, exit: EX.CONFIG, facts }
  }
  const remedy = `do "chmod o-rwx ${keyFile}"`
  if (key.exposed !== undefined && strict)
    return { state: 'failed', what, why: `${keyFile}: others can read it`, remedy, exit: EX.CONFIG, facts }
  const record = await recordWarning(dkim, key, resolver)
  return {
    state: 'ok',
    says: `${domain}, selector ${selector}, ${key.algorithm}`,
    facts: { ...facts, algorithm: key.algorithm, published: record === undefined },
    warnings: [
      ...(key.exposed === undefined ? [] : [`${keyFile}: others can read it; ${remedy}`]),
      ...(record === undefined ? [] : [record]),
    ],
  }
}
