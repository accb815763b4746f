/** The tables of docs/logging.md are those of src/logging/events.ts and facts.ts, word for word. */
import { expect, it } from 'vitest'
import { EVENTS } from '../../../src/logging/events.ts'
import { FACT_KINDS, FACTS } from '../../../src/logging/facts.ts'
import { textOf } from '../docs/pages.ts'

/** The rows of the table below a heading, cell by cell. */
function rowsBelow(heading: string): string[][] {
  const [, rest = ''] = textOf('docs/logging.md').split(`## ${heading}\n`)
  const [part = ''] = rest.split(/^## /m)
  return [...part.matchAll(/^\|(.*)\|$/gm)]
    .slice(2)
    .map(([, row = '']) => row.split('|').map((cell) => cell.trim()))
}

const code = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(' ')

it('docs/logging.md lists every event with its levels, its meaning and its facts, in the same order, and no other', () => {
  const rows = Object.entries(EVENTS).map(([name, { levels, means, facts, maybe }]) => [
    code([name]),
    levels.join(' or '),
    means,
    maybe.length === 0 ? code(facts) : `${code(facts)} (${code(maybe)})`,
  ])
  expect(rowsBelow('Events')).toEqual(rows)
})

it('docs/logging.md lists every fact with its type and its meaning', () => {
  const rows = Object.entries(FACTS).map(([name, { kind, means }]) => [code([name]), FACT_KINDS[kind], means])
  expect(rowsBelow('Facts')).toEqual(rows)
})

it('there is no fact that no event has', () => {
  const used = new Set<string>(Object.values(EVENTS).flatMap(({ facts, maybe }) => [...facts, ...maybe]))
  expect(Object.keys(FACTS).filter((name) => !used.has(name))).toEqual([])
})
