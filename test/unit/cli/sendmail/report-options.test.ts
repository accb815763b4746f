/** The options -N, -R and -V become what the envelope asks for, or the call is refused; -B is never refused. */
import { describe, expect, it } from 'vitest'
import type { Terminal } from '../../../../src/cli/exit.ts'
import { parseSendmailCall } from '../../../../src/cli/sendmail/call.ts'

function callWith(...args: string[]) {
  const silent = () => undefined
  const terminal: Terminal = {
    program: 'mq-sendmail',
    args,
    env: {},
    interactive: false,
    shown: false,
    print: silent,
    guide: silent,
    printBytes: silent,
    complain: silent,
  }
  return parseSendmailCall(terminal)
}

describe('the options for delivery reports', () => {
  it.each([
    [[], undefined],
    [['-N', 'never'], { notify: ['never'] }],
    [['-N', 'Failure,DELAY'], { notify: ['failure', 'delay'] }],
    [['-Nsuccess, failure,success'], { notify: ['success', 'failure'] }],
    [['--dsn-notify=delay'], { notify: ['delay'] }],
    [['-N', 'never', '-N', 'delay'], { notify: ['delay'] }],
    [['-R', 'full'], { ret: 'full' }],
    [['-R', 'HDRS'], { ret: 'hdrs' }],
    [['--dsn-return', 'hdrs'], { ret: 'hdrs' }],
    [['-V', 'id+20 x'], { envid: 'id+20 x' }],
    [['-V', '='.repeat(100)], { envid: '='.repeat(100) }],
    [['-V', 'b', '-R', 'full', '-N', 'failure'], { notify: ['failure'], ret: 'full', envid: 'b' }],
  ])('%j ask for %j', (args, reports) => {
    const call = callWith(...args, 'one@d.ex')
    expect(call.reports).toEqual(reports)
    expect(call).toMatchObject({ mode: 'send', operands: ['one@d.ex'] })
  })

  it.each([
    ['-N', 'sometimes'],
    ['-N', ''],
    ['-N', 'failure,'],
    ['-N', 'failure delay'],
    ['-N', 'never,failure'],
    ['-N', 'constructor'],
    ['-R', ''],
    ['-R', 'half'],
    ['-V', ''],
    ['-V', 'a\r\nb'],
    ['-V', 'caf\u00e9'],
    ['-V', 'x'.repeat(101)],
  ])('%s %j is refused', (option, value) => {
    expect(() => callWith(option, value, 'one@d.ex')).toThrow(
      expect.objectContaining({ code: 'USAGE', exitCode: 64 }),
    )
  })
})

describe('the option -B', () => {
  it.each([
    [[], undefined],
    [['-B8BITMIME'], '8bitmime'],
    [['-B', '8bitmime', '-B', 'x'], '8bitmime'],
    [['-B', '8bitmime', '-B', '7Bit'], undefined],
    [['-B', ''], undefined],
    [['-B', 'BINARYMIME'], undefined],
    [['-B', '__proto__'], undefined],
  ])('in %j declares the body as %j', (args, body) => {
    expect(callWith(...args, 'one@d.ex')).toMatchObject({ body, operands: ['one@d.ex'] })
  })
})
