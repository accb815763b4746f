/** The envelope sender: who was named, who is configured, what the header says. */
import { describe, expect, it } from 'vitest'
import { envelopeSender, senderFromHeader } from '../../../src/cli/sender.ts'
import type { Setup } from '../../../src/cli/setup.ts'
import { configFromSettings } from '../../../src/config/settings.ts'
import { splitHeader } from '../../../src/message/header-block.ts'

const silent = () => undefined

function setup(settings: Readonly<Record<string, unknown>> = {}): Setup {
  return {
    terminal: {
      program: 'mq-sendmail',
      args: [],
      env: {},
      interactive: false,
      shown: false,
      print: silent,
      guide: silent,
      printBytes: silent,
      complain: silent,
    },
    logName: 'mq-sendmail',
    caller: { user: 'ann', fullName: 'Ann A', host: 'pc', home: '/home/ann' },
    config: configFromSettings({ qualify_domain: 'h.example', local_domains: 'lan.example', ...settings }),
  }
}

const FORCED = { from: 'Server <me@site.example>', force_from: true }

describe('the envelope sender', () => {
  it.each<[string, Readonly<Record<string, unknown>>, string | undefined, string, string | undefined]>([
    ['is the user at this host', {}, undefined, 'ann@h.example', undefined],
    ['is the configured one', { from: 'S <s@x.example>' }, undefined, 's@x.example', 'S'],
    ['is the one that is named', { from: 'S <s@x.example>' }, 'b', 'b@h.example', undefined],
    ['has the name it is given with', { from: 'S <s@x.example>' }, 'B <s@x.example>', 's@x.example', 'B'],
    [
      'has the configured name for its address',
      { from: 'S <s@x.example>' },
      's@X.example',
      's@X.example',
      'S',
    ],
    ['is null when asked for', { from: 's@x.example' }, '<>', '', undefined],
    ['is the forced one', FORCED, 'B <b@y.example>', 'me@site.example', 'B'],
    ['is the forced one with its name', FORCED, 'root', 'me@site.example', 'Server'],
    ['is null even if another is forced', FORCED, '', '', undefined],
    ['is masqueraded', { masquerade: 'm.example' }, undefined, 'ann@m.example', undefined],
    [
      'is masqueraded at a local domain',
      { masquerade: 'a@m.example' },
      'x@LAN.example',
      'a@m.example',
      undefined,
    ],
    ['is not masqueraded elsewhere', { masquerade: 'a@m.example' }, 'x@y.example', 'x@y.example', undefined],
    ['is null in any masquerade', { masquerade: 'a@m.example' }, '', '', undefined],
    [
      'is forced first and masqueraded then',
      { from: 'root@localhost', force_from: true, masquerade: 'm.example' },
      'x@y.example',
      'root@m.example',
      undefined,
    ],
  ])('%s', (_, settings, named, address, name) => {
    expect(envelopeSender(setup(settings), named)).toEqual({ address, name })
  })

  it('that cannot be used is refused even if another is forced', () => {
    expect(() => envelopeSender(setup(FORCED), 'a@@b')).toThrow('the sender cannot be used')
  })
})

describe('the sender of the header', () => {
  const read = (text: string, settings: Readonly<Record<string, unknown>> = {}) =>
    senderFromHeader(setup(settings), splitHeader(Buffer.from(text.replaceAll('\n', '\r\n'))).header).address

  it.each([
    ['From: A <a@x.example>\n', 'a@x.example'],
    ['from : a@x.example,\n b@x.example\n', 'a@x.example'],
    ['From: root (Cron)\n', 'root@h.example'],
    ['From: a@x.example\nResent-From: r@x.example\n', 'a@x.example'],
    ['Resent-From: r@x.example\nFrom: a@x.example\n', 'r@x.example'],
  ])('of %j is %s', (text, address) => {
    expect(read(text)).toBe(address)
  })

  it('is subject to force_from and masquerade', () => {
    expect(read('From: a@x.example\n', FORCED)).toBe('me@site.example')
    expect(read('From: root\n', { masquerade: 'm.example' })).toBe('root@m.example')
  })

  it('has to be there', () => {
    expect(() => read('To: a@x.example\n')).toThrow(
      expect.objectContaining({ code: 'USAGE', exitCode: 64 }) as Error,
    )
    expect(() => read('From: <>\n')).toThrow(
      expect.objectContaining({ code: 'ADDRESS_INVALID', exitCode: 65 }) as Error,
    )
  })
})
