/** docs/many-users.md says what the code says about the metadata of dropped files. */
import { expect, it } from 'vitest'
import { DROP_METADATA } from '../../../src/delivery/drop/rules.ts'
import { textOf } from './pages.ts'

it('docs/many-users.md has the table of what is believed, in the words of the code', () => {
  const [, table = ''] = textOf('docs/many-users.md').split(
    '| what the file says | what is done with it |\n| --- | --- |\n',
  )
  const rows = table.slice(0, table.indexOf('\n\n')).split('\n')
  expect(rows).toEqual(Object.entries(DROP_METADATA).map(([what, done]) => `| \`${what}\` | ${done} |`))
})
