/** docs/administration.md has the members of the JSON objects and the limits of the probe as the code has them. */
import { describe, expect, it } from 'vitest'
import { LIMITS } from '../../../src/cli/queue/check.ts'
import { MESSAGE_MEMBERS, RECIPIENT_MEMBERS } from '../../../src/cli/queue/record.ts'
import { STATS_MEMBERS } from '../../../src/cli/queue/stats.ts'
import { textOf } from './pages.ts'

/** The tables below a heading: rows of cells, headings and rules left out. */
function tablesBelow(heading: string): string[][][] {
  const [, rest = ''] = textOf('docs/administration.md').split(`### ${heading}\n`)
  const [part = ''] = rest.split(/^##/m)
  return [...part.matchAll(/(?:^\|.*\n)+/gm)].map(([table]) =>
    table
      .trim()
      .split('\n')
      .slice(2)
      .map((line) =>
        line
          .slice(1, -1)
          .split('|')
          .map((cell) => cell.trim()),
      ),
  )
}

const rowsOf = (members: Readonly<Record<string, string>>): string[][] =>
  Object.entries(members).map(([name, words]) => [`\`${name}\``, words])

describe('docs/administration.md', () => {
  it('lists the members of a message and of a recipient', () => {
    expect(tablesBelow('A message as JSON')).toEqual([rowsOf(MESSAGE_MEMBERS), rowsOf(RECIPIENT_MEMBERS)])
  })

  it('lists the members of the counts', () => {
    expect(tablesBelow('Counts as JSON')).toEqual([rowsOf(STATS_MEMBERS)])
  })

  it('lists the limits of the probe with their defaults', () => {
    const rows = LIMITS.map(([flags, words, usual]) => [`\`${flags}\``, words, `\`${usual}\``])
    expect(tablesBelow('A probe for monitoring')[0]).toEqual(rows)
  })
})
