import { describe, expect, it } from 'vitest'
import { configFromSettings } from '../../../src/config/settings.ts'

const smtp = (values: Readonly<Record<string, unknown>>) => configFromSettings(values).smtp
const HOST = { smtp_hostname: 'site.example' }

describe('the way to the server', () => {
  it('is a name and a port unless something else is asked for', () => {
    const none = { socket: undefined, srv: undefined, sourceIp: undefined, proxy: undefined }
    expect(smtp(HOST)).toMatchObject({ host: 'site.example', port: 25, implicitTls: false, ...none })
  })

  it('has TLS from the first byte on any port where that is asked for, and not on port 465 where it is not', () => {
    const implicit = (values: object) => {
      const { port, implicitTls } = smtp({ ...HOST, ...values }) ?? {}
      return [port, implicitTls]
    }
    expect(implicit({ tls_implicit: true })).toEqual([465, true])
    expect(implicit({ tls_implicit: true, smtp_port: 10465 })).toEqual([10465, true])
    expect(implicit({ smtp_port: 465 })).toEqual([465, true])
    expect(implicit({ smtp_port: 465, tls_implicit: false, tls: 'off' })).toEqual([465, false])
  })

  it('is a Unix socket, which needs no name and may have one for its certificate', () => {
    expect(smtp({ socket: '/run/x' })).toMatchObject({ host: 'localhost', socket: '/run/x', tls: 'may' })
    expect(smtp({ socket: '/run/x', ...HOST })).toMatchObject({ host: 'site.example', socket: '/run/x' })
  })

  it('is what a domain announces: both services, or the one that tls_implicit chooses', () => {
    const srv = (values: object) => smtp({ ...HOST, srv: true, ...values })?.srv
    expect(srv({})).toEqual(['submissions', 'submission'])
    expect(srv({ tls_implicit: true })).toEqual(['submissions'])
    expect(srv({ tls_implicit: false })).toEqual(['submission'])
    expect(smtp({ ...HOST, srv: true })).toMatchObject({ tls: 'verify', implicitTls: false })
  })

  it.each([
    [{ socket: '/s', proxy: 'socks5://p' }, 'proxy has no effect with socket'],
    [{ socket: '/s', source_ip: '::1' }, 'source_ip has no effect with socket'],
    [{ socket: '/s', srv: true }, 'srv = yes has no effect with socket'],
    [{ smtp_hostname: '::1', srv: true }, 'srv = yes needs a domain in smtp_hostname'],
    [{ ...HOST, srv: true, protocol: 'lmtp' }, 'srv = yes looks for servers that speak SMTP'],
    [{ srv: true }, 'srv is set but there is no smtp_hostname'],
    [{ ...HOST, tls_implicit: true, tls: 'off' }, 'tls = off cannot work with tls_implicit = yes'],
    [{ ...HOST, source_ip: 'host' }, 'source_ip = host is not valid; write an IP address'],
  ])('cannot be %j', (values, message) => {
    expect(() => smtp(values)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
    expect(() => smtp(values)).toThrow(message)
  })
})

describe('a proxy', () => {
  const none = { username: undefined, password: undefined }

  it.each([
    ['socks5://p.example', { scheme: 'socks5', host: 'p.example', port: 1080, ...none }],
    ['HTTP://p.example:3128/', { scheme: 'http', host: 'p.example', port: 3128, ...none }],
    ['http://[::1]', { scheme: 'http', host: '::1', port: 1080, ...none }],
    ['socks5://u:p@h:1', { scheme: 'socks5', host: 'h', port: 1, username: 'u', password: 'p' }],
    ['socks5://u%40x:a%3A/@b@h', { scheme: 'socks5', host: 'h', username: 'u@x', password: 'a:/@b' }],
  ])('%s is read', (proxy, wanted) => {
    expect(smtp({ ...HOST, proxy })?.proxy).toMatchObject(wanted)
  })

  it.each([
    'p.example',
    'socks4://p',
    'socks5://',
    'socks5://p:0',
    'socks5://p:65536',
    'http://p/path',
    'http://u@p',
  ])('%s is refused', (proxy) => {
    expect(() => smtp({ ...HOST, proxy })).toThrow('write socks5://HOST:PORT or http://HOST:PORT')
  })

  it.each([
    'socks4://u:hunter2@p',
    'u:hunter2@p',
    'socks5:/u:hunter2@p',
    'socks5://u:hunter2@p:99999',
    'socks5://u:hun@ter2%@p',
    'http://u:hunter2@',
  ])('that is refused never shows its password: %s', (proxy) => {
    let said = ''
    try {
      smtp({ ...HOST, proxy })
    } catch (error) {
      said = String(error)
    }
    expect(said).toContain('proxy = ')
    expect(said).not.toMatch(/hun|ter2/)
  })
})
