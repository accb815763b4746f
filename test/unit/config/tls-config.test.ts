import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../../src/config/load.ts'
import { configFromSettings } from '../../../src/config/settings.ts'
import { scratch } from './scratch.ts'

const smtp = (values: Readonly<Record<string, unknown>>) =>
  configFromSettings({ smtp_hostname: 'site.example', ...values }).smtp
const DIGITS = '0a1b2c3d4e5f60718293a4b5c6d7e8f9'.repeat(2)
const COLONS = (DIGITS.match(/../g) ?? []).join(':').toUpperCase()

describe('fingerprints', () => {
  it('are read with and without colons, in any case, and one or more of them', () => {
    expect(smtp({ tls_fingerprint: DIGITS })).toMatchObject({ tls: 'pin', tlsFingerprints: [COLONS] })
    const two = `${COLONS} ${DIGITS.replaceAll('0a', 'ff')}`
    expect(smtp({ tls: 'pin', tls_fingerprint: two })?.tlsFingerprints).toEqual([
      COLONS,
      COLONS.replaceAll('0A', 'FF'),
    ])
  })

  it.each([
    [DIGITS.slice(0, 40), 'not SHA-1, which is too weak'],
    [COLONS.slice(0, 47), 'not MD5, which is too weak'],
    [DIGITS.slice(1), 'write SHA-256 fingerprints (64 hexadecimal digits'],
    [DIGITS.replace('a', 'g'), 'write SHA-256 fingerprints (64 hexadecimal digits'],
  ])('%s is refused', (text, message) => {
    expect(() => smtp({ tls_fingerprint: text })).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
    expect(() => smtp({ tls_fingerprint: text })).toThrow(message)
  })
})

describe('the level', () => {
  it.each([
    [{}, 'may'],
    [{ tls_ca: '/ca' }, 'verify'],
    [{ tls_cert: '/c', tls_key: '/k' }, 'verify'],
    [{ srv: true }, 'verify'],
    [{ user: 'u', password: 'p' }, 'verify'],
    [{ user: 'u', password: 'p', tls_fingerprint: DIGITS }, 'pin'],
  ])('with %j is %s', (values, level) => {
    expect(smtp(values)?.tls).toBe(level)
  })

  it.each([
    [{ tls: 'pin' }, 'tls = pin needs the fingerprint of the certificate; add tls_fingerprint'],
    [
      { tls: 'verify', tls_fingerprint: DIGITS },
      'tls = verify makes tls_fingerprint meaningless; write tls = pin',
    ],
    [{ tls_ca: '/ca', tls_fingerprint: DIGITS }, 'tls = pin makes tls_ca meaningless'],
    [{ tls: 'off', tls_cert: '/c', tls_key: '/k' }, 'tls = off makes tls_cert meaningless'],
    [{ tls: 'off', tls_name: 'x' }, 'tls = off makes tls_name meaningless'],
    [{ tls_cert: '/c' }, 'tls_cert is set but tls_key is not; set both or neither'],
    [{ tls_key: '/k' }, 'tls_key is set but tls_cert is not; set both or neither'],
    [{ tls_min_version: '1.4' }, 'tls_min_version = 1.4 is not valid; write one of 1.0, 1.1, 1.2, 1.3'],
  ])('cannot go with %j', (values, message) => {
    expect(() => smtp(values)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
    expect(() => smtp(values)).toThrow(message)
  })
})

describe('a file with a secret that others can read', () => {
  const load = async (lines: string, mode: number, strict = '') => {
    const text = `[mailqueue]\nhost = h\n${lines}${strict}`
    const folder = scratch({ 'a.conf': text, 'c.pem': '', 'k.pem': '' })
    chmodSync(join(folder, 'k.pem'), mode)
    chmodSync(join(folder, 'a.conf'), mode)
    const said: string[] = []
    const identity = { user: 'x', host: 'x', fullName: 'x' }
    const request = { file: join(folder, 'a.conf'), env: {}, home: '/', identity }
    await loadConfig({ ...request, complain: (line) => void said.push(line.replace(folder, '')) })
    return said.map((line) => line.replaceAll(folder, ''))
  }
  const PAIR = 'tls_cert = c.pem\ntls_key = k.pem\n'

  it('is complained of: the key of a certificate, and a proxy with a password', async () => {
    expect(await load(PAIR, 0o640)).toEqual([
      '/k.pem: holds a private key and others can read it (mode 0640); do "chmod go-rwx /k.pem"',
    ])
    expect(await load('proxy = socks5://u:p@h\n', 0o644)).toEqual([
      '/a.conf: holds a password and others can read it (mode 0644); do "chmod go-rwx /a.conf"',
    ])
    expect(await load('proxy = socks5://h\n', 0o644)).toEqual([])
    expect(await load(PAIR, 0o600)).toEqual([])
    expect(await load('tls_cert = c.pem\ntls_key = missing.pem\n', 0o600)).toEqual([])
  })

  it('is refused with strict_permissions', async () => {
    await expect(load(PAIR, 0o604, 'strict_permissions = yes\n')).rejects.toMatchObject({
      code: 'CONFIG_DENIED',
    })
  })
})
