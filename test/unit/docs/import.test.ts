/** docs/import.md names every format of the table in the code, with its folders, and no other. */
import { describe, expect, it } from 'vitest'
import { FOREIGN_FORMATS } from '../../../src/queue/import/formats.ts'
import { textOf } from './pages.ts'

/** The rows of the table of formats: name and folders. */
function rows(): [string, string[]][] {
  const [, section = ''] = /^## Formats$([\s\S]*?)^## /m.exec(textOf('docs/import.md')) ?? []
  return [...section.matchAll(/^\| `([a-z-]+)` *\|.*\|(.*)\|$/gm)].map(([, name = '', folders = '']) => [
    name,
    [...folders.matchAll(/`([a-z]+)\/`/g)].map(([, folder = '']) => folder),
  ])
}

describe('the page of import', () => {
  it('has the formats of the code with their folders', () => {
    expect(rows()).toEqual(Object.entries(FOREIGN_FORMATS).map(([name, { folders }]) => [name, folders]))
  })
})
