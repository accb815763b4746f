/** The step about the DKIM key, with keys in files and a DNS server. */
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { lookAtDkim } from '../../../../src/cli/doctor/dkim.ts'
import type { Patient } from '../../../../src/cli/doctor/step.ts'
import { configFromSettings } from '../../../../src/config/settings.ts'
import { startDnsServer, type Zone } from '../../../helpers/dns-server.ts'

const NAME = 'x._domainkey.s.ex'

function keyFile(key: KeyObject): string {
  const directory = mkdtempSync(join(tmpdir(), 'mailqueue-dkim-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const path = join(directory, 'key.pem')
  writeFileSync(path, key.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 })
  return path
}

async function look(path: string, zone: Zone): ReturnType<typeof lookAtDkim> {
  const dns = await startDnsServer(zone)
  onTestFinished(() => dns.close())
  const config = configFromSettings({
    smtp_hostname: 'localhost',
    dkim_domain: 's.ex',
    dkim_selector: 'x',
    dkim_key: path,
  })
  return lookAtDkim({ config } satisfies Pick<Patient, 'config'>, dns.resolver)
}

const { privateKey: rsa } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const { privateKey: edwards } = generateKeyPairSync('ed25519')
const spki = (key: KeyObject): Buffer => createPublicKey(key).export({ format: 'der', type: 'spki' })

describe('the step dkim', () => {
  it.each([
    { title: 'RSA', key: rsa, record: `v=DKIM1; k=rsa; p=${spki(rsa).toString('base64')}` },
    {
      title: 'Ed25519',
      key: edwards,
      record: `v=DKIM1; k=ed25519; p=${spki(edwards).subarray(-32).toString('base64')}`,
    },
  ])('is content with the record of a key of type $title', async ({ key, record }) => {
    expect(await look(keyFile(key), { [NAME]: [record] })).toMatchObject({
      state: 'ok',
      facts: { published: true },
      warnings: [],
    })
  })

  it.each([
    {
      title: 'that is not there',
      zone: {},
      words: /^the DNS record x\._domainkey\.s\.ex does not exist.*p=MII/,
    },
    { title: 'of another key', zone: { [NAME]: ['v=DKIM1; p=AAAA'] }, words: /has another public key/ },
    {
      title: 'that cannot be looked up',
      zone: { [NAME]: 2 },
      words: /cannot be looked up here \(ESERVFAIL\)/,
    },
  ])('only warns of a record $title', async ({ zone, words }) => {
    const found = await look(keyFile(rsa), zone)
    expect(found).toMatchObject({ state: 'ok', facts: { published: false } })
    expect(found).toMatchObject({ warnings: [expect.stringMatching(words)] })
  })

  it('warns of a key that others can read', async () => {
    const path = keyFile(edwards)
    chmodSync(path, 0o644)
    expect(await look(path, { [NAME]: 2 })).toMatchObject({
      state: 'ok',
      warnings: [expect.stringMatching(/others can read it; do "chmod o-rwx /), expect.anything()],
    })
  })
})
