import { describe, expect, it } from 'vitest'
import { SENDER_LOGIN } from '../../../../src/config/kinds/sender-login.ts'
import { SIZE } from '../../../../src/config/kinds/size.ts'

const base = { folder: '/conf', home: '/home/ann' }

describe('a size', () => {
  it.each([
    ['1', 1],
    ['500k', 512_000],
    ['50M', 52_428_800],
    ['2gb', 2_147_483_648],
  ])('%s is %d octets', (text, octets) => {
    expect(SIZE.parse([text], base)).toEqual({ ok: true, value: octets })
    expect(SIZE.parse([SIZE.format(octets)], base)).toEqual({ ok: true, value: octets })
  })

  it.each(['', '0', '-1', '1.5M', '101G', 'M', '10 T'])('%j is none', (text) => {
    expect(SIZE.parse([text], base)).toMatchObject({ ok: false })
  })
})

describe('a sender rule', () => {
  it.each([
    ['any', { rule: 'any' }],
    ['own', { rule: 'own' }],
    ['senders', { rule: 'file', path: '/conf/senders' }],
    ['./own', { rule: 'file', path: '/conf/own' }],
  ])('%s', (text, value) => {
    expect(SENDER_LOGIN.parse([text], base)).toEqual({ ok: true, value })
  })
})
