import { describe, expect, it } from 'vitest'
import { foldLongLines } from '../../../src/message/fold-long-lines.ts'

const fold = (name: string, value: string): string[] =>
  foldLongLines({ name, raw: `${name}:${value}\r\n` }).split('\r\n')
const many = (word: string, count: number): string => Array.from({ length: count }, () => word).join('')

describe('a long line of the header', () => {
  it('is folded at blanks, and unfolding gives it back', () => {
    const value = ` ${many('some words ', 400)}end`
    const lines = fold('Subject', value)
    expect(lines.length).toBeGreaterThan(4)
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(998)
    expect(lines.join('')).toBe(`Subject:${value}`)
    for (const line of lines.slice(1, -1)) expect(line).toMatch(/^[ \t]+\S/)
  })

  it('is folded behind commas where a list of addresses has no blank', () => {
    const lines = fold('To', ` ${many('ann@site.example,', 200)}ben@site.example`)
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(998)
    expect(lines.join('').replaceAll(', ', ',')).toBe(`To: ${many('ann@site.example,', 200)}ben@site.example`)
  })

  it.each([
    ['Subject', ` ${'x'.repeat(2000)}`],
    ['X-List', ` ${many('a@b,', 500)}`],
    ['Subject', ` ${'x'.repeat(2000)}${' '.repeat(50)}`],
    ['To', ` "${many('a,', 600)}" <a@b.ex>`.replace(' <', '<')],
    ['Subject', ' short'],
    ['X', `${'a'.repeat(990)}\r\n ${'b'.repeat(990)}`],
  ])('of %s without such a place stays as it is', (name, value) => {
    expect(fold(name, value).join('\r\n')).toBe(`${name}:${value}\r\n`)
  })

  it('takes time in proportion to its length', () => {
    expect(fold('Subject', ` ${many('a ', 500_000)}`).length).toBeGreaterThan(500)
    expect(fold('Subject', `${' '.repeat(500_000)}a`)).toHaveLength(2)
  })
})
