import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readDkimKey } from '../../../../src/message/dkim/key.ts'

describe('a DKIM key', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'mailqueue-key-'))
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  const write = (pem: string | Buffer, mode = 0o600): string => {
    const path = join(directory, 'key.pem')
    writeFileSync(path, pem)
    chmodSync(path, mode)
    return path
  }
  const rsa = (bits: number): KeyObject => generateKeyPairSync('rsa', { modulusLength: bits }).privateKey

  it.each(['pkcs1', 'pkcs8'] as const)('is read as RSA in %s', (type) => {
    const path = write(rsa(1024).export({ type, format: 'pem' }))
    expect(readDkimKey(path)).toMatchObject({ algorithm: 'rsa-sha256', exposed: undefined })
  })

  it('is read as Ed25519', () => {
    const { privateKey } = generateKeyPairSync('ed25519')
    const path = write(privateKey.export({ type: 'pkcs8', format: 'pem' }), 0o640)
    expect(readDkimKey(path)).toMatchObject({ algorithm: 'ed25519-sha256', exposed: undefined })
  })

  it('that others can read is told', () => {
    expect(readDkimKey(write(rsa(1024).export({ type: 'pkcs8', format: 'pem' }), 0o644))).toMatchObject({
      exposed: 0o644,
    })
  })

  it.each([
    ['no PEM', () => 'secret words\n', 'it is no private key in PEM format'],
    ['short', () => rsa(512).export({ type: 'pkcs1', format: 'pem' }), 'it has 512 bits'],
    [
      'of another kind',
      () =>
        generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'sec1', format: 'pem' }),
      'it is a key of type ec',
    ],
    [
      'protected',
      () => rsa(1024).export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }),
      'it is protected by a passphrase',
    ],
    ['huge', () => 'x'.repeat(70_000), 'it is too large'],
  ])('that is %s cannot be used', (_what, pem, reason) => {
    const answer = readDkimKey(write(pem()))
    expect(answer).toEqual({ reason: expect.stringContaining(reason) as string })
    expect(JSON.stringify(answer)).not.toContain('secret')
  })

  it('that is not there, or is no file, cannot be used', () => {
    expect(readDkimKey(join(directory, 'none'))).toMatchObject({
      reason: expect.stringContaining('no such') as string,
    })
    expect(readDkimKey(directory)).toMatchObject({ reason: expect.stringContaining('regular') as string })
  })
})
