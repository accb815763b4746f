/** The server of one message, in the header X-Queue-Smtp. */
import { describe, expect, it } from 'vitest'
import { formatServer, parseServer } from '../../../src/queue/message-server.ts'

const [PIN, OTHER_PIN] = ['AB', '0F'].map((pair) => Array.from({ length: 32 }, () => pair).join(':')) as [
  string,
  string,
]

describe('the server of a message', () => {
  it.each([
    [{ host: 'mail.ex', port: 25 }, 'mail.ex:25'],
    [{ host: '::1', port: 2525 }, '[::1]:2525'],
    [{ host: 'mail.ex', tls: 'verify' }, 'mail.ex:* tls=verify'],
    [
      { host: '::1', port: 25, tls: 'pin', fingerprints: [PIN, OTHER_PIN] },
      `[::1]:25 tls=pin fingerprint=${PIN} fingerprint=${OTHER_PIN}`,
    ],
    [{ host: 'mail.ex', port: 24, protocol: 'lmtp', tls: 'verify' }, 'mail.ex:24 protocol=lmtp tls=verify'],
  ] as const)('%j is written as %s, and reads back', (server, text) => {
    expect(formatServer(server)).toBe(text)
    expect(parseServer(text)).toEqual(server)
  })

  it.each(['', 'mail.ex', 'mail.ex:', 'mail.ex:0', 'mail.ex:65536', '::1:25', 'a b:25', 'u:p@mail.ex:25'])(
    '%j names none',
    (text) => {
      expect(parseServer(text)).toBeUndefined()
    },
  )

  it('has words that nobody knows passed over', () => {
    expect(parseServer('mail.ex:25 tls=maybe new=1 fingerprint=AB:CD')).toEqual({ host: 'mail.ex', port: 25 })
  })

  it.each([
    { host: 'a b', port: 25 },
    { host: 'mail.ex\r\nX-Queue-Account: x', port: 25 },
    { host: '', port: 25 },
    { host: 'mail.ex', port: 0 },
    { host: 'mail.ex', port: 1.5 },
    { host: 'mail.ex', port: 25, tls: 'pin' as const, fingerprints: ['AB:CD'] },
  ])('%j is refused', (server) => {
    expect(() => formatServer(server)).toThrow('needs a host, a port')
  })
})
