/** The mechanisms as state machines, by the examples of the standards where these have some. */
import { describe, expect, it } from 'vitest'
import { oauthBearer, xoauth2 } from '../../../../src/transport/sasl/bearer.ts'
import { external } from '../../../../src/transport/sasl/external.ts'
import { cramMd5, login, plain } from '../../../../src/transport/sasl/password.ts'
import { SaslError } from '../../../../src/transport/sasl/sasl.ts'

const octets = (text: string): Buffer => Buffer.from(text)
const ANN = { user: 'ann', secret: 'hünter22' }

describe('PLAIN', () => {
  it('sends user and password at once', async () => {
    const client = plain(ANN)
    expect(client.first?.toString()).toBe('\0ann\0hünter22')
    expect(client.doubt()).toBeUndefined()
    await expect(client.step(octets('more'))).rejects.toThrow(SaslError)
  })
})

describe('LOGIN', () => {
  it('answers two questions, however they are worded, and no third', async () => {
    const client = login(ANN)
    expect(client.first).toBeUndefined()
    expect((await client.step(octets('User Name\0'))).toString()).toBe('ann')
    expect((await client.step(octets(''))).toString()).toBe('hünter22')
    await expect(client.step(octets('PIN:'))).rejects.toThrow('more than user name and password')
  })
})

describe('CRAM-MD5', () => {
  it('answers as in RFC 2195', async () => {
    const client = cramMd5({ user: 'tim', secret: 'tanstaaftanstaaf' })
    const challenge = '<1896.697170952@postoffice.reston.mci.net>'
    expect((await client.step(octets(challenge))).toString()).toBe('tim b913a602c7eda7a495b4e6e7334d3890')
    await expect(client.step(octets(challenge))).rejects.toThrow('second challenge')
  })

  it('does not answer nothing', async () => {
    await expect(cramMd5(ANN).step(octets(''))).rejects.toThrow('empty challenge')
  })
})

describe('EXTERNAL', () => {
  it('leaves it to the certificate, or names whom to act as', () => {
    expect(external({ user: '' }).first?.length).toBe(0)
    expect(external({ user: 'ann' }).first?.toString()).toBe('ann')
  })
})

describe('XOAUTH2 and OAUTHBEARER', () => {
  it('carry the token', () => {
    const token = { user: 'a,n=n@x.example', secret: 'tok' }
    expect(xoauth2(token).first?.toString()).toBe('user=a,n=n@x.example\x01auth=Bearer tok\x01\x01')
    expect(oauthBearer(token, { host: 'mail.example', port: 587 }).first?.toString()).toBe(
      'n,a=a=2Cn=3Dn@x.example,\x01host=mail.example\x01port=587\x01auth=Bearer tok\x01\x01',
    )
  })

  it('answer a refusal as each wants it, and keep the reason', async () => {
    const refusal = octets('{"status":"401","schemes":"bearer","scope":"https://mail/"}')
    const google = xoauth2(ANN)
    expect((await google.step(refusal)).length).toBe(0)
    expect(google.complaint).toBe('status 401, scope https://mail/')
    const standard = oauthBearer(ANN, { host: 'h', port: 1 })
    expect((await standard.step(octets('no json'))).toString()).toBe('\x01')
    expect(standard.complaint).toBe('no json')
    await expect(standard.step(refusal)).rejects.toThrow('second challenge')
  })

  it('do not believe in a success after a refusal', async () => {
    const client = xoauth2(ANN)
    await client.step(octets('{"status":"400"}'))
    expect(client.doubt()).toContain('refused the token and then took it')
  })
})
