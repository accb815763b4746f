/** The table of docs/logging.md is the table of src/logging/events.ts, word for word. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { EVENTS } from '../../../src/logging/events.ts'

it('docs/logging.md lists every event with its meaning, in the same order, and no other', () => {
  const page = readFileSync(new URL('../../../docs/logging.md', import.meta.url), 'utf8')
  const rows = [...page.matchAll(/^\| `([a-z]+\.[a-z-]+)` \| (.*?) +\|/gm)]
  expect(rows.map(([, name, meaning]) => [name, meaning])).toEqual(Object.entries(EVENTS))
})
