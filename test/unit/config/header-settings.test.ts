/** The options of sender and header: defaults, and what contradicts itself. */
import { describe, expect, it } from 'vitest'
import { configFromSettings } from '../../../src/config/settings.ts'

const headers = (settings: Readonly<Record<string, unknown>>) => configFromSettings(settings).headers

describe('the options of sender and header', () => {
  it('have defaults that add what is missing', () => {
    expect(headers({})).toEqual({
      forceFrom: false,
      masquerade: undefined,
      qualify: true,
      setFrom: 'auto',
      setDate: 'auto',
      setMessageId: 'auto',
      setTo: 'off',
      removeBcc: true,
    })
    expect(Object.isFrozen(headers({}))).toBe(true)
  })

  it('are all read', () => {
    const settings = {
      ...{ qualify_headers: false, set_from_header: 'OFF', set_date_header: 'off', set_msgid_header: 'off' },
      ...{ set_to_header: 'undisclosed_recipients', remove_bcc_headers: 'no', masquerade: 'Site.Example' },
    }
    expect(headers(settings)).toEqual({
      ...{ forceFrom: false, masquerade: { domain: 'site.example', sender: undefined }, qualify: false },
      ...{ setFrom: 'off', setDate: 'off', setMessageId: 'off', setTo: 'undisclosed_recipients' },
      removeBcc: false,
    })
  })

  it('take a masquerade with a local part for every sender', () => {
    const masquerade = { domain: 'site.example', sender: 'me+x@site.example' }
    expect(headers({ masquerade: 'me+x@Site.example' }).masquerade).toEqual(masquerade)
  })

  it.each([
    '@site.example',
    'me@',
    'a b@site.example',
    '-x@site.example',
    'a@b@site.example',
    '"a"@x',
    'x,y',
  ])('refuse the masquerade %j', (masquerade) => {
    expect(() => headers({ masquerade })).toThrow(
      `masquerade = ${masquerade} is not valid; write a domain such as "site.example", or an address`,
    )
  })

  it.each([
    ['auto', 'on'],
    ['on', 'on'],
    ['off', 'off'],
  ])('with force_from take set_from_header = %s for %s', (written, meant) => {
    const settings = { from: 'a@x.example', force_from: true, set_from_header: written }
    expect(headers(settings)).toMatchObject({ forceFrom: true, setFrom: meant })
  })

  it.each([{}, { from: '' }, { from: '<>' }])('refuse force_from with %j', (settings) => {
    expect(() => headers({ ...settings, force_from: 'yes' })).toThrow(
      'settings: force_from = yes needs a sender; add from with an address',
    )
  })
})
