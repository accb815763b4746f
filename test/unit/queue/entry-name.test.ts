/**
 * What a file name in the queue says, and what it says when it says nothing.
 */
import { hostname } from 'node:os'
import { describe, expect, it } from 'vitest'
import {
  claimedName,
  formatName,
  glanceAt,
  isTooLong,
  newUnique,
  parseName,
  queuedSeconds,
  queueId,
} from '../../../src/queue/entry-name.ts'
import { LATEST_TIME } from '../../../src/util/clock.ts'

const UNIQUE = '1795000000.M123000P77Q1R0123456789ab.host.example'

describe('a new unique name', () => {
  it('is a Maildir name with the time, the process, a counter, a random part and the host', () => {
    const unique = newUnique({ now: () => 1_795_000_000_123.5 })
    const [, counter] = /^1795000000\.M123500P\d+Q(\d+)R[0-9a-f]{12}\./.exec(unique) ?? []
    expect(unique).toContain(`P${process.pid}Q${counter}`)
    expect(unique.endsWith(`.${hostname()}`)).toBe(true)
  })

  it('is never given twice', () => {
    const clock = { now: () => 1_795_000_000_000 }
    const names = Array.from({ length: 10_000 }, () => newUnique(clock))
    expect(new Set(names).size).toBe(10_000)
    expect(new Set(names.map(queueId)).size).toBe(10_000)
  })

  it('holds no character that means something in a Maildir name', () => {
    expect(newUnique({ now: () => 0 })).not.toMatch(/[/:,]/)
  })
})

describe('a queue id', () => {
  it('is the random part of the name, in upper case', () => {
    expect(queueId(UNIQUE)).toBe('0123456789AB')
  })

  it('is a digest for names of mailqueue-runner, and does not change', () => {
    expect(queueId('1795000000.M1P2Q3.host')).toMatch(/^[0-9A-F]{12}$/)
    expect(queueId('1795000000.M1P2Q3.host')).toBe(queueId('1795000000.M1P2Q3.host'))
    expect(queueId('1795000000.M1P2Q3.host')).not.toBe(queueId('1795000000.M1P2Q4.host'))
  })
})

describe('a file name', () => {
  it('reads back as it was written', () => {
    const name = formatName({ unique: UNIQUE, nextAttempt: 1_795_000_060, priority: 3 })
    expect(name).toBe(`${UNIQUE},N=1795000060,P=3`)
    expect(parseName(name)).toEqual({
      unique: UNIQUE,
      nextAttempt: 1_795_000_060,
      priority: 3,
      claim: undefined,
    })
  })

  it('carries the claim in cur/ as the info field for experimental semantics', () => {
    const name = claimedName(`${UNIQUE},N=5,P=5`, 'p1r2.z')
    expect(name).toBe(`${UNIQUE},N=5,P=5:1,p1r2.z`)
    expect(parseName(name)).toMatchObject({ unique: UNIQUE, nextAttempt: 5, claim: 'p1r2.z' })
  })

  it('has one claim only, whatever info field it had before', () => {
    for (const info of [':2,S', ':1,p9r9.1', ':', ':junk']) {
      expect(claimedName(`x.y${info}`, 'p1r2.1')).toBe('x.y:1,p1r2.1')
    }
  })

  it('of mailqueue-runner is due since it was queued, with the usual priority and no claim', () => {
    expect(parseName('1795000000.M1P2Q3.host')).toEqual({
      unique: '1795000000.M1P2Q3.host',
      nextAttempt: 1_795_000_000,
      priority: 5,
      claim: undefined,
    })
  })

  it('that means nothing has a default for everything', () => {
    for (const name of ['x', 'notes.txt', ',', '', 'a,N=,P=', 'a,N=12x,P=77', ',N=-5,P=q']) {
      expect(parseName(name)).toMatchObject({ nextAttempt: 0, priority: 5, claim: undefined })
    }
  })

  it('is read in any order of its fields, and unknown fields are passed over', () => {
    expect(parseName('u.x,A=main,P=1,N=7,S=100')).toEqual({
      unique: 'u.x',
      nextAttempt: 7,
      priority: 1,
      account: 'main',
      claim: undefined,
    })
  })

  it('has the account where it is not the usual one, and says when the message names a server', () => {
    const entry = { unique: 'u.x', nextAttempt: 7, priority: 5 }
    expect(formatName({ ...entry, account: 'work', ownServer: true })).toBe('u.x,N=7,P=5,A=work,H=1')
    expect(formatName({ ...entry, account: 'default', ownServer: false })).toBe('u.x,N=7,P=5')
    expect(formatName({ ...entry, account: '../x' })).toBe('u.x,N=7,P=5')
    expect(parseName('u.x,N=7,P=5,A=work,H=1')).toMatchObject({ account: 'work', ownServer: true })
    expect(parseName('u.x,N=7,P=5,A=w k,H=2')).toEqual(parseName('u.x,N=7,P=5'))
  })

  it('carries every time up to the end of the year 9999, and leaves room for a claim', () => {
    const nextAttempt = Math.floor(LATEST_TIME / 1000)
    const longest = { priority: 9, account: 'a'.repeat(32), ownServer: true, notBefore: nextAttempt }
    const unique = `${nextAttempt}.M999000P4194304Q999999R0123456789ab.${'h'.repeat(64)}`
    const name = formatName({ ...longest, unique, nextAttempt })
    expect(parseName(name)).toMatchObject({ ...longest, unique, nextAttempt })
    expect(isTooLong(name)).toBe(false)
    expect(parseName('u.x,N=9999999999999,P=5,B=9999999999999')).toMatchObject({ notBefore: undefined })
  })

  it('is no number when the digits are not those of a time', () => {
    expect(queuedSeconds('123456789012.x')).toBe(0)
    expect(queuedSeconds('12a.x')).toBe(0)
    expect(queuedSeconds('1795000000.x')).toBe(1_795_000_000)
  })
})

describe('a glance at a name', () => {
  const names = [
    `${UNIQUE},N=1795000300,P=3`,
    `${UNIQUE},N=1795000300,P=5,A=news`,
    `${UNIQUE},N=1795000300,P=5,A=news,H=1,B=1795000400`,
    `${UNIQUE},N=1795000300,P=5,B=1795000400`,
    `${UNIQUE},N=1795000300,P=5,H=1`,
    `${UNIQUE},N=1795000300,P=x`,
    `${UNIQUE},N=17950003xx,P=5`,
    `${UNIQUE},N=179500030,P=5`,
    `${UNIQUE},N=17950003000,P=5`,
    `${UNIQUE},P=5,N=1795000300`,
    `${UNIQUE},X=1,N=1795000300,P=5`,
    `${UNIQUE},N=1795000300,P=5:2,S`,
    `${UNIQUE},N=1795000300,P=5:1,p7r0.1`,
    'by:hand,N=1795000300,P=5',
    'a,name,N=1795000300,P=5',
    '.,N=1795000300,P=5',
    '123456789012.x,N=1795000300,P=5',
    'x',
    '',
  ]

  it.each(names)('tells of %s what the whole name does', (name) => {
    const { unique, nextAttempt, priority, notBefore } = parseName(name)
    expect(glanceAt(name)).toEqual({
      queuedAt: queuedSeconds(unique) * 1000,
      nextAttempt: nextAttempt * 1000,
      priority,
      notBefore: notBefore === undefined ? undefined : notBefore * 1000,
    })
  })

  it('takes the usual fields for what they are', () => {
    expect(parseName(`${UNIQUE},N=1795000300,P=3`)).toEqual({
      unique: UNIQUE,
      nextAttempt: 1_795_000_300,
      priority: 3,
      notBefore: undefined,
      claim: undefined,
    })
  })
})
