/** Types by the end of a name: our own table first, then that of the system, which may be anything. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { mimeType } from '../../../../src/message/compose/mime-type.ts'

const directory = mkdtempSync(join(tmpdir(), 'mailqueue-types-'))
afterAll(() => rmSync(directory, { recursive: true }))

function table(name: string, text: string): string {
  const path = join(directory, name)
  writeFileSync(path, text)
  return path
}

describe('a type', () => {
  const system = table(
    'types',
    '# comment\nApplication/X-One\t\tone ONE1  one2 # not\napplication/x-none\n\nimage/x-other png one\nbad line\n',
  )
  it.each<[string, string | undefined]>([
    ['a.png', 'image/png'],
    ['A.PNG', 'image/png'],
    ['a.b.tar.gz', 'application/gzip'],
    ['a.one', 'application/x-one'],
    ['a.One1', 'application/x-one'],
    ['a.one2', 'application/x-one'],
    ['a.not', undefined],
    ['a.line', undefined],
    ['png', undefined],
    ['.png', undefined],
    ['a.', undefined],
    ['', undefined],
  ])('of %j is %s', (name, type) => {
    expect(mimeType(name, system)).toBe(type)
  })

  it.each([
    '/nonexistent',
    directory,
    '/dev/null',
    table('long', `${'x'.repeat(1024 * 1024)}\nx/late late\n`),
  ])('is unknown where the table is %s', (path) => {
    expect(mimeType('a.late', path)).toBeUndefined()
    expect(mimeType('a.pdf', path)).toBe('application/pdf')
  })
})
