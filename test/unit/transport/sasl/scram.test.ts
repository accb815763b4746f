/** SCRAM by the examples of RFC 5802 section 5 and RFC 7677 section 3, and against servers that lie. */
import { describe, expect, it } from 'vitest'
import type { SaslClient } from '../../../../src/transport/sasl/sasl.ts'
import { saslPrep } from '../../../../src/transport/sasl/saslprep.ts'
import { scram, type ScramOptions } from '../../../../src/transport/sasl/scram.ts'

const IDENTITY = { user: 'user', secret: 'pencil' }
const SHA1 = {
  hash: 'sha1',
  nonce: 'fyko+d2lbbFgONRv9qkxdawL',
  first: 'n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL',
  challenge: 'r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096',
  answer: 'c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=',
  final: 'v=rmF9pqV8S7suAoZWja4dJRkFsKQ=',
} as const
const SHA256 = {
  hash: 'sha256',
  nonce: 'rOprNGfwEbeRWgbNEkqO',
  first: 'n,,n=user,r=rOprNGfwEbeRWgbNEkqO',
  challenge: 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
  answer:
    'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
  final: 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
} as const

const say = async (client: SaslClient, text: string): Promise<string> =>
  (await client.step(Buffer.from(text))).toString()
const start = (others: Partial<ScramOptions> = {}): SaslClient =>
  scram(IDENTITY, { hash: 'sha256', binding: 'impossible', nonce: SHA256.nonce, ...others })

describe.each([SHA1, SHA256])('SCRAM with $hash', ({ hash, nonce, first, challenge, answer, final }) => {
  const client = (): SaslClient => scram(IDENTITY, { hash, nonce, binding: 'impossible' })

  it('says what the standard says', async () => {
    const example = client()
    expect(example.first?.toString()).toBe(first)
    expect(await say(example, challenge)).toBe(answer)
    expect(example.doubt()).toBeDefined()
    expect(await say(example, final)).toBe('')
    expect(example.doubt()).toBeUndefined()
  })

  it('does not believe a server that has not proven anything', async () => {
    const early = client()
    expect(early.doubt()).toContain('did not prove')
    await say(early, challenge)
    expect(early.doubt()).toContain('did not prove')
  })

  it('refuses a server with another password', async () => {
    const example = client()
    await say(example, challenge)
    const lie = final.replace(/v=(.)/, (_, sign: string) => `v=${sign === 'r' ? 's' : 'r'}`)
    await expect(say(example, lie)).rejects.toThrow('does not know the password')
    expect(example.doubt()).toContain('did not prove')
  })
})

describe('a challenge', () => {
  it.each([
    ['that has another nonce', 'r=other,s=QSXCR+Q6sek8bf92,i=4096', 'not one of SCRAM'],
    ['that adds nothing to ours', `r=${SHA256.nonce},s=QSXCR+Q6sek8bf92,i=4096`, 'not one of SCRAM'],
    ['without a salt', `r=${SHA256.nonce}x,s=,i=4096`, 'not one of SCRAM'],
    ['without a number', `r=${SHA256.nonce}x,s=QSXCR+Q6sek8bf92,i=0x1000`, 'not one of SCRAM'],
    ['with few rounds', `r=${SHA256.nonce}x,s=QSXCR+Q6sek8bf92,i=4095`, 'fewer than 4096'],
    ['with too many rounds', `r=${SHA256.nonce}x,s=QSXCR+Q6sek8bf92,i=2000001`, 'more than the 2000000'],
    ['with an unknown extension', `m=x,r=${SHA256.nonce}x,s=QSXCR+Q6sek8bf92,i=4096`, 'demands an extension'],
    ['that is an error', 'e=unknown-user', 'the server says: unknown-user'],
    ['that is huge', `r=${SHA256.nonce}${'x'.repeat(5000)},s=QSXCR+Q6sek8bf92,i=4096`, 'too long'],
    ['that is nothing', '', 'not one of SCRAM'],
  ])('%s is refused', async (_, challenge, message) => {
    await expect(say(start(), challenge)).rejects.toThrow(message)
  })

  it('about another kind of channel binding leaves room for another mechanism', async () => {
    const client = start()
    await expect(say(client, 'e=unsupported-channel-binding-type')).rejects.toMatchObject({ unusable: true })
    await expect(say(start(), 'e=invalid-proof')).rejects.toMatchObject({ unusable: false })
  })
})

describe('channel binding', () => {
  it('is announced, and carried in the answer', async () => {
    const binding = { type: 'tls-exporter', data: Buffer.from('secret of TLS') } as const
    const client = start({ binding })
    expect(client.first?.toString()).toBe(`p=tls-exporter,,n=user,r=${SHA256.nonce}`)
    const [channel] = (await say(client, SHA256.challenge)).split(',')
    expect(channel).toBe(`c=${Buffer.from('p=tls-exporter,,secret of TLS').toString('base64')}`)
  })

  it('that the server did not offer is mentioned', async () => {
    const client = start({ binding: 'not-offered' })
    expect(client.first?.toString()).toMatch(/^y,,n=user/)
    expect(await say(client, SHA256.challenge)).toMatch(/^c=eSws,/)
  })
})

describe('user name and password', () => {
  it('are escaped and prepared', () => {
    const client = scram(
      { user: 'a,b=c\u00ad', secret: 'x' },
      { hash: 'sha1', binding: 'impossible', nonce: 'n' },
    )
    expect(client.first?.toString()).toBe('n,,n=a=2Cb=3Dc,r=n')
  })

  // RFC 4013 section 3
  it.each([
    ['I\u00adX', 'IX'],
    ['user', 'user'],
    ['USER', 'USER'],
    ['\u00aa', 'a'],
    ['\u2168', 'IX'],
    ['a\u00a0b\u3000c', 'a b c'],
  ])('%j is prepared as %j', (text, prepared) => {
    expect(saslPrep(text, 'password')).toBe(prepared)
  })

  it.each(['\u0007', 'a\ue000', 'a\u200e', 'a\ufdd0', '\u00ad', 'a\ufffd', 'a\u{e0041}'])(
    '%j cannot be carried, which is no refusal',
    (text) => {
      const error: unknown = expect.objectContaining({ unusable: true })
      expect(() => saslPrep(text, 'password')).toThrow(error)
    },
  )

  it('have another nonce each time', () => {
    const make = (): string | undefined =>
      scram(IDENTITY, { hash: 'sha256', binding: 'impossible' }).first?.toString()
    expect(make()).not.toBe(make())
  })
})
