/** docs/mailrc.md shows the tilde escapes and the variables as the code has them. */
import { describe, expect, it } from 'vitest'
import { BUILT_IN_VARIABLES } from '../../../src/cli/mail/mailrc.ts'
import { ESCAPES } from '../../../src/cli/mail/tilde-escapes.ts'
import { textOf } from './pages.ts'

const PAGE = textOf('docs/mailrc.md')

/** The rows of the table below a heading, without its own, as their cells. */
function tableBelow(heading: string): string[][] {
  const part = PAGE.split(/^## /m).find((each) => each.startsWith(`${heading}\n`)) ?? ''
  const rows = part.split('\n').filter((line) => line.startsWith('|'))
  return rows.slice(2).map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

describe('docs/mailrc.md', () => {
  it('has the tilde escapes of the table in the code, and ~~', () => {
    const expected = ESCAPES.map(({ letter, argument, meaning }) => [
      `\`${argument === undefined ? `~${letter}` : `~${letter} ${argument}`}\``,
      meaning,
    ])
    expect(tableBelow('Lines with a tilde')).toEqual([...expected, ['`~~TEXT`', 'the line ~TEXT']])
  })

  it('says which variables are set without any file', () => {
    const set = tableBelow('Variables').filter(([, usual]) => usual === 'set')
    expect(set.map(([name]) => name)).toEqual(BUILT_IN_VARIABLES.map((name) => `\`${name}\``))
  })
})
