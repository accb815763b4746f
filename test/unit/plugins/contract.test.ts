/** docs/plugins.md names every signal and every action of src/plugins/contract.ts, and its example is the one tested. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { PLUGIN_ACTIONS, PLUGIN_SIGNALS } from '../../../src/plugins/contract.ts'

const page = readFileSync(new URL('../../../docs/plugins.md', import.meta.url), 'utf8')
const firstCells = (heading: string): string[] => {
  const section = page.split(/^## /m).find((each) => each.startsWith(heading)) ?? ''
  return [...section.matchAll(/^\| `([a-z_]+)` +\|/gm)].map(([, name]) => name ?? '')
}

it('docs/plugins.md has a row for each signal, in the order of the contract', () => {
  expect(firstCells('Signals')).toEqual([...PLUGIN_SIGNALS])
})

it('docs/plugins.md has a row for each answer, in the order of the contract', () => {
  expect(firstCells('Answers')).toEqual([...PLUGIN_ACTIONS])
})

it('the first example of docs/plugins.md is the plug-in that the tests run', () => {
  const example = /```js\n([\s\S]*?)```/.exec(page)?.[1]
  const path = new URL('../../fixtures/plugins/give-up-after-ten.mjs', import.meta.url)
  expect(example).toBe(readFileSync(path, 'utf8'))
})
