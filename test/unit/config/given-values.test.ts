import { describe, expect, it } from 'vitest'
import {
  addGiven,
  knownOption,
  readGiven,
  readOrDefault,
  type GivenValue,
} from '../../../src/config/given-values.ts'
import { OPTIONS } from '../../../src/config/options.ts'

const base = { folder: '/', home: '/' }
const given = (name: string, raw: string) =>
  new Map<string, GivenValue>([[name, { raw, where: 'x.conf:3', base }]])

describe('a written value', () => {
  it('is read by the kind of its option', () => {
    expect(readGiven(given('smtp_port', '25'), OPTIONS.smtp_port)).toBe(25)
    expect(readGiven(given('retry', '1m, 2h'), OPTIONS.retry)).toEqual([60_000, 7_200_000])
  })

  it('that is missing is the default', () => {
    expect(readGiven(new Map(), OPTIONS.connections)).toBeUndefined()
    expect(readOrDefault(new Map(), OPTIONS.connections)).toBe(4)
  })

  it('that is empty means not given for texts and lists, and is an error for all else', () => {
    expect(readGiven(given('queue_dir', ''), OPTIONS.queue_dir)).toBeUndefined()
    expect(readGiven(given('plugins', ''), OPTIONS.plugins)).toBeUndefined()
    const port = given('smtp_port', '')
    expect(() => readGiven(port, OPTIONS.smtp_port)).toThrow(
      'x.conf:3: smtp_port, which is empty, is not valid; write a whole number',
    )
  })

  it('that is wrong is refused with place, value and remedy', () => {
    expect(() => readGiven(given('smtp_port', '99999'), OPTIONS.smtp_port)).toThrow(
      'x.conf:3: smtp_port = 99999 is not valid; write a whole number from 1 to 65535',
    )
    expect(() => readGiven(given('tls', 'yes'), OPTIONS.tls)).toThrow(
      'write one of off, may, require, verify',
    )
    expect(() => readGiven(given('smtp_port', 'x\u001b[2J'), OPTIONS.smtp_port)).toThrow(
      'smtp_port = x?[2J is',
    )
  })

  it('that is secret is not repeated', () => {
    expect(() => readGiven(given('smtp_password', 'hun\tter2'), OPTIONS.smtp_password)).toThrow(
      /^x\.conf:3: smtp_password is not valid; write text without control characters$/,
    )
  })

  it('is refused a second time, under an alias too', () => {
    const values = new Map<string, GivenValue>()
    addGiven(values, knownOption('Host', 'x'), { raw: 'a', where: 'x.conf:1', base })
    expect(() =>
      addGiven(values, knownOption('smtp_hostname', 'x'), { raw: 'a', where: 'y.conf:2', base }),
    ).toThrow(
      'y.conf:2: smtp_hostname (also called host) is given a second time (first at x.conf:1); remove one of them',
    )
  })
})

describe('an unknown option', () => {
  it('is refused with the nearest known one', () => {
    expect(() => knownOption('smtp_hostnmae', 'x.conf:2')).toThrow(
      'x.conf:2: unknown option "smtp_hostnmae"; did you mean "smtp_hostname"?',
    )
  })

  it('is refused with a pointer to the manual when nothing is near', () => {
    expect(() => knownOption('zzz', 'x.conf:2')).toThrow('mailqueue.conf(5) lists all options')
  })
})
