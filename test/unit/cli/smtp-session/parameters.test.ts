/** The parameters of MAIL and RCPT. */
import { describe, expect, it } from 'vitest'
import { mailParameters, rcptParameters } from '../../../../src/cli/smtp-session/parameters.ts'
import { RefusedCommand } from '../../../../src/cli/smtp-session/reply.ts'

function codeOf(read: () => unknown): number | undefined {
  try {
    read()
  } catch (error) {
    if (error instanceof RefusedCommand) return error.reply.code
    throw error
  }
  return undefined
}

describe('mailParameters', () => {
  it.each([
    ['', {}],
    ['SIZE=1000 BODY=8BITMIME SMTPUTF8', { body: '8bitmime' }],
    ['body=7bit ret=hdrs', { ret: 'hdrs' }],
    ['RET=FULL ENVID=QQ+2B314+3D', { ret: 'full', envid: 'QQ+314=' }],
  ])('reads %j', (text, request) => {
    expect(mailParameters(text)).toEqual(request)
  })

  it.each([
    ['SIZE', 501],
    ['SIZE=x', 501],
    ['BODY=BINARYMIME', 501],
    ['BODY=constructor', 501],
    ['SMTPUTF8=yes', 501],
    ['RET=SOME', 501],
    ['ENVID=', 501],
    ['ENVID=a+zz', 501],
    ['ENVID=a+0D+0Ab', 501],
    ['RET=FULL RET=FULL', 501],
    ['AUTH=<>', 555],
    ['constructor=1', 555],
    ['NOTIFY=NEVER', 555],
  ])('refuses %j with %i', (text, code) => {
    expect(codeOf(() => mailParameters(text))).toBe(code)
  })
})

describe('rcptParameters', () => {
  it.each([
    ['', {}],
    ['NOTIFY=NEVER', { notify: ['never'] }],
    [
      'notify=success,FAILURE ORCPT=rfc822;a+2Bb@d.ex',
      { notify: ['success', 'failure'], original: 'rfc822;a+b@d.ex' },
    ],
  ])('reads %j', (text, request) => {
    expect(rcptParameters(text)).toEqual(request)
  })

  it.each([
    ['NOTIFY', 501],
    ['NOTIFY=NEVER,DELAY', 501],
    ['NOTIFY=SOMETIMES', 501],
    ['ORCPT=a@d.ex', 501],
    ['ORCPT=rfc822;', 501],
    ['ORCPT=rfc822;a+0Ab', 501],
    ['SIZE=1', 555],
  ])('refuses %j with %i', (text, code) => {
    expect(codeOf(() => rcptParameters(text))).toBe(code)
  })
})
