/** docs/authentication.md shows the tables of the code. */
import { describe, expect, it } from 'vitest'
import { OAUTH2_PROVIDERS, providerOf } from '../../../src/config/oauth2-providers.ts'
import { SECRET_SOURCES } from '../../../src/transport/secrets/credentials.ts'
import { LOGIN_REMEDIES } from '../../../src/transport/login/remedies.ts'
import { MECHANISMS } from '../../../src/transport/sasl/mechanisms.ts'
import { textOf } from './pages.ts'

/** The rows of the table below a heading of its columns. */
function rowsBelow(heading: string): string[][] {
  const page = textOf('docs/authentication.md')
  const at = page.indexOf(`\n${heading}\n`)
  expect(at, heading).toBeGreaterThan(0)
  const [table = ''] = page
    .slice(at + heading.length + 2)
    .trimEnd()
    .split('\n\n')
  const rows = table.split('\n').slice(1)
  return rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  )
}

describe('docs/authentication.md', () => {
  it('has the mechanisms in their order', () => {
    const expected = MECHANISMS.map(({ name, method, proof, doc }) => [name, method, proof, doc])
    expect(rowsBelow('| mechanism | `auth` | takes | |')).toEqual(expected)
  })

  it('has the places for a secret in their order', () => {
    expect(rowsBelow('| source | |')).toEqual(SECRET_SOURCES.map(({ name, doc }) => [name, doc]))
  })

  it('has the remedies', () => {
    expect(rowsBelow('| when | remedy |')).toEqual(LOGIN_REMEDIES.map(({ when, remedy }) => [when, remedy]))
  })

  it('has the providers, with servers by which they are known', () => {
    const rows = rowsBelow('| provider | servers |')
    expect(rows.map(([name]) => name)).toEqual(OAUTH2_PROVIDERS.map(({ name }) => name))
    for (const [name, servers = ''] of rows) {
      for (const server of servers.split(', ')) expect(providerOf(server)?.name).toBe(name)
    }
  })
})
