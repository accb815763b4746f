/** Which account a message goes over when nobody named one. */
import { describe, expect, it } from 'vitest'
import { configFromSettings } from '../../../../src/config/settings.ts'
import { chooseRoutes, type Submitter } from '../../../../src/delivery/account/choose.ts'

const ANN: Submitter = { uid: 7, user: 'ann' }

function choose(
  accounts: Readonly<Record<string, object>>,
  sender: string,
  recipients: readonly string[] = ['one@d.ex'],
  submitter = ANN,
): string[] {
  const config = configFromSettings({ host: 'h', accounts })
  return chooseRoutes(config, { sender, recipients }, submitter).map(
    ({ account, recipients: those }) => `${account.name}: ${those.join(' ')}`,
  )
}
const bySender = (pattern: string, sender: string): boolean =>
  choose({ work: { match_from: pattern } }, sender)[0] === 'work: one@d.ex'

describe('a pattern', () => {
  it.each([
    ['ann@s.ex', 'Ann@S.ex', true],
    ['ann@s.ex', 'ann+news@s.ex', true],
    ['ann@s.ex', 'joann@s.ex', false],
    ['ann+news@s.ex', 'ann@s.ex', false],
    ['*@s.ex', 'anybody@s.ex', true],
    ['*@s.ex', 'anybody@sub.s.ex', false],
    ['*@s.ex', 'anybody@sxex', false],
    ['@s.ex', 'anybody@s.ex', true],
    ['+list@s.ex', 'ann+list@s.ex', true],
    ['+list@s.ex', 'ann@s.ex', false],
    ['a?n@*', 'ann@any.where', true],
    ['a?n@*', 'an@any.where', false],
    ['*', 'x@y', true],
    ['<>', '', true],
    ['<>', 'x@y', false],
    ['*@*', '', false],
    ['(a+)+@s.ex', '(a+)+@s.ex', true],
  ])('%s and the sender %j: %s', (pattern, sender, fits) => {
    expect(bySender(pattern, sender)).toBe(fits)
  })
})

describe('the account of a message', () => {
  it('is the first of the file that fits, and needs all that an account asks for', () => {
    const accounts = {
      a: { match_from: '*@s.ex', match_recipient: '*@only.ex' },
      b: { match_from: '*@s.ex', match_uid: 'ben' },
      c: { match_from: '*@s.ex' },
      d: { match_from: '*' },
      never: {},
    }
    expect(choose(accounts, 'x@s.ex')).toEqual(['c: one@d.ex'])
    expect(choose(accounts, 'x@s.ex', ['one@only.ex'])).toEqual(['a: one@only.ex'])
    expect(choose(accounts, 'x@s.ex', undefined, { uid: 8, user: 'ben' })).toEqual(['b: one@d.ex'])
    expect(choose(accounts, 'x@t.ex')).toEqual(['d: one@d.ex'])
  })

  it('can be another for each recipient, in the order of the first of each', () => {
    const accounts = { a: { match_recipient: '*@a.ex' }, b: { match_recipient: '*@b.ex,c@c.ex' } }
    expect(choose(accounts, 's@x', ['1@d.ex', '1@b.ex', '1@a.ex', 'c@c.ex', '2@d.ex'])).toEqual([
      'default: 1@d.ex 2@d.ex',
      'b: 1@b.ex c@c.ex',
      'a: 1@a.ex',
    ])
  })

  it('asks who the user is only where an account wants to know', () => {
    const unknown: Submitter = {
      uid: 7,
      get user(): string {
        throw new Error('asked')
      },
    }
    expect(choose({ a: { match_from: '*@s.ex' } }, 'x@s.ex', undefined, unknown)).toEqual(['a: one@d.ex'])
    expect(choose({ a: { match_uid: '7' } }, 'x@s.ex', undefined, unknown)).toEqual(['a: one@d.ex'])
  })
})
