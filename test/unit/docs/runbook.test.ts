/** docs/runbook.md says what to do about every event of the log, every exit code and every mark of a listing. */
import { describe, expect, it } from 'vitest'
import { EX } from '../../../src/errors/sysexits.ts'
import { EVENTS } from '../../../src/logging/events.ts'
import { textOf } from './pages.ts'

const PAGE = textOf('docs/runbook.md')

/** The first and the last cell of each row below a heading. */
function rowsBelow(heading: string): { name: string; action: string }[] {
  const [, rest = ''] = PAGE.split(`## ${heading}\n`)
  const [part = ''] = rest.split(/^## /m)
  const rows = part.split('\n').filter((line) => line.startsWith('| '))
  return rows.slice(1).map((row) => {
    const cells = row.split('|').slice(1, -1)
    return { name: cells[0]?.trim() ?? '', action: cells.at(-1)?.trim() ?? '' }
  })
}

describe('docs/runbook.md', () => {
  it('has every event, once, and says what to do', () => {
    const rows = rowsBelow('Events of the log')
    const names = rows.map(({ name }) => name.replaceAll('`', ''))
    expect(names).toEqual(expect.arrayContaining(Object.keys(EVENTS)))
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([])
    expect(rows.filter(({ action }) => action.length < 5)).toEqual([])
  })

  it('has every exit code', () => {
    const codes = rowsBelow('Exit codes').map(({ name }) => Number(name))
    expect(codes).toEqual(Object.values(EX).toSorted((one, other) => one - other))
  })

  it('has the marks and words of mailq', () => {
    const words = rowsBelow('Words of mailq').map(({ name }) => name)
    for (const word of ['`*`', '`!`', '`#`', 'held: ', 'in doubt: ', 'finished but for its delivery report'])
      expect(words.filter((name) => name.includes(word))).toHaveLength(1)
  })
})
