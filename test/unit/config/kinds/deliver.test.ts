/** The option `deliver`, and those of DKIM. */
import { describe, expect, it } from 'vitest'
import { DELIVER } from '../../../../src/config/kinds/deliver.ts'
import { configFromSettings } from '../../../../src/config/settings.ts'

const base = { folder: '/etc', home: '/home/ann' }
const read = (text: string): unknown => {
  const parsed = DELIVER.parse([text], base)
  return parsed.ok ? parsed.value : undefined
}

describe('deliver', () => {
  it.each([
    ['smtp', { to: 'smtp' }],
    ['discard', { to: 'discard' }],
    ['file:/var/Maildir', { to: 'file', directory: '/var/Maildir' }],
    ['file:~/Maildir', { to: 'file', directory: '/home/ann/Maildir' }],
    ['file: Maildir', { to: 'file', directory: '/etc/Maildir' }],
    ['pipe:cat -v', { to: 'pipe', command: ['cat', '-v'] }],
    ['pipe: ./take "a b" ${sender}', { to: 'pipe', command: ['/etc/take', 'a b', '${sender}'] }],
    ['pipe:x "to ${recipient}"s', { to: 'pipe', command: ['x', 'to ${recipient}s'] }],
  ])('%s is understood', (text, target) => {
    expect(read(text)).toEqual(target)
  })

  it.each([
    'file:',
    'pipe:',
    'pipe: ""',
    'pipe:a "b',
    'pipe:a \\',
    'pipe:a $HOME',
    'pipe:a | b',
    'pipe:a "$x"',
    'maildir:/x',
    'SMTP2',
    '/x',
  ])('%s is refused', (text) => {
    expect(read(text)).toBeUndefined()
  })
})

describe('the DKIM options', () => {
  it('are three or none', () => {
    expect(() => configFromSettings({ host: 'h', dkim_domain: 's.ex', dkim_key: '/k' })).toThrow(
      'dkim_domain is set but dkim_selector is not',
    )
    expect(() => configFromSettings({ dkim_selector: 'x' })).toThrow('dkim_domain and dkim_key is not')
  })

  it('have the domain in ASCII and lower case', () => {
    const dkim = { dkim_domain: 'Bücher.Example', dkim_selector: 'x', dkim_key: '/k' }
    expect(configFromSettings({ host: 'h', ...dkim }).smtp?.dkim).toEqual({
      ...{ domain: 'xn--bcher-kva.example', selector: 'x', keyFile: '/k', strict: false },
    })
  })
})
