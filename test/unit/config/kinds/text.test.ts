import { describe, expect, it } from 'vitest'
import {
  DOMAINS,
  HELO,
  HOST,
  LOG_TARGET,
  MODULES,
  PATH,
  PATTERNS,
  SENDER,
} from '../../../../src/config/kinds/text.ts'
import type { OptionKind } from '../../../../src/config/kinds/option-kind.ts'

const BASE = { folder: '/etc/[mq]', home: '/home/ann' }
const read = <T>(kind: OptionKind<T>, ...words: string[]): T | undefined => {
  const parsed = kind.parse(words, BASE)
  return parsed.ok ? parsed.value : undefined
}

describe('a host', () => {
  it.each([
    ['mail.site.example', 'mail.site.example'],
    ['localhost', 'localhost'],
    ['mail_1', 'mail_1'],
    ['127.0.0.1', '127.0.0.1'],
    ['::1', '::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['mail.example:587', undefined],
    ['smtp://mail.example', undefined],
    ['two words', undefined],
    ['-x', undefined],
    ['a@b', undefined],
  ])('%j is read as %j', (text, host) => {
    expect(read(HOST, text)).toBe(host)
  })

  it('given with EHLO is a domain or an address literal', () => {
    expect(read(HELO, '[127.0.0.1]')).toBe('[127.0.0.1]')
    expect(read(HELO, '[IPv6:::1]')).toBe('[IPv6:::1]')
    expect(read(HELO, 'a b')).toBeUndefined()
  })
})

describe('a path', () => {
  it.each([
    ['/var/x', '/var/x'],
    ['x/../y', '/etc/[mq]/y'],
    ['~/q', '/home/ann/q'],
    ['~', '/home/ann'],
    ['~bob/q', '/etc/[mq]/~bob/q'],
  ])('%j is read as %j', (text, path) => {
    expect(read(PATH, text)).toBe(path)
  })

  it('of a log may be the word stderr', () => {
    expect(read(LOG_TARGET, 'stderr')).toBe('stderr')
    expect(read(LOG_TARGET, 'stderr.log')).toBe('/etc/[mq]/stderr.log')
  })

  it('with a pattern keeps the name of its folder literal', () => {
    expect(read(PATTERNS, 'conf.d/*.conf', 'a.conf')).toEqual([
      '/etc/\\[mq\\]/conf.d/*.conf',
      '/etc/[mq]/a.conf',
    ])
  })

  it('of a module is told from the name of a package', () => {
    expect(read(MODULES, 'pkg', '@scope/pkg/sub', './a.mjs', '~/b.mjs', '/c.mjs')).toEqual([
      'pkg',
      '@scope/pkg/sub',
      '/etc/[mq]/a.mjs',
      '/home/ann/b.mjs',
      '/c.mjs',
    ])
  })
})

describe('an address', () => {
  it.each(['me@site.example', '%U@%H', '%F <%U@%H>', '"A, B" <a@b>', 'root', '<>'])(
    '%j is a sender',
    (text) => {
      expect(read(SENDER, text)).toBe(text)
    },
  )

  it.each(['two words', 'a <b', 'a <b> c', 'a <b c>', '<a> <b>'])('%j is not', (text) => {
    expect(read(SENDER, text)).toBeUndefined()
  })

  it('has a domain, which comes out in lower case and without "@"', () => {
    expect(read(DOMAINS, 'Site.Example', 'b')).toEqual(['site.example', 'b'])
    expect(read(DOMAINS, 'me@site.example')).toBeUndefined()
  })
})
