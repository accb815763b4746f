import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../../src/config/load.ts'
import { REPLY_RULES } from '../../../src/config/reply-rules.ts'
import { configFromSettings } from '../../../src/config/settings.ts'
import { scratch } from './scratch.ts'

const HERE = { folder: '/', home: '/' }

function rulesOf(text: string): string[] | string {
  const parsed = REPLY_RULES.parse([text], HERE)
  if (!parsed.ok) return parsed.expected
  return parsed.value.map(({ pattern, action }) => `${action}: ${pattern.source}`)
}

describe('rules for replies', () => {
  it.each<[string, string[]]>([
    ['greylist => temporary', ['temporary: greylist']],
    ['a, b => PERMANENT , c=>pause,', ['permanent: a, b', 'pause: c']],
    ['a => b => temporary', ['temporary: a => b']],
    ['a,=> pause', ['pause: a,']],
    ['^5\\d\\d [a-z]{2,3} => pause', ['pause: ^5\\d\\d [a-z]{2,3}']],
    ['', []],
  ])('reads "%s"', (text, rules) => {
    expect(rulesOf(text)).toEqual(rules)
  })

  it.each(['x', 'x =>', '=> pause', 'x => never', 'x => pause y => pause', 'x => pause, y', 'x\t=> pause'])(
    'refuses "%s"',
    (text) => {
      expect(rulesOf(text)).toMatch(/^rules such as /)
    },
  )

  it('does not look at upper and lower case', () => {
    const parsed = REPLY_RULES.parse(['QUOTA => pause'], HERE)
    expect(parsed.ok && parsed.value[0]?.pattern.test('over quota')).toBe(true)
  })

  it('refuses an expression that is none with file, line and reason', async () => {
    const root = scratch({ 'a.conf': '[mailqueue]\nsmtp_hostname = h\nreply_filter = a(b => pause\n' })
    const identity = { user: 'x', host: 'x', fullName: 'x' }
    const request = { file: `${root}/a.conf`, env: {}, home: '/', identity, complain: () => undefined }
    await expect(loadConfig(request)).rejects.toThrow(
      /a\.conf:3: reply_filter = a\(b => pause is not valid; write .*Unterminated group/,
    )
  })

  it('are written so that they read back the same', () => {
    const { smtp } = configFromSettings({ host: 'h', reply_filter: 'a/b => pause, c, d => temporary' })
    const text = REPLY_RULES.format(smtp?.replyFilter ?? [])
    expect(REPLY_RULES.parse([text], HERE)).toEqual({ ok: true, value: smtp?.replyFilter })
  })
})
