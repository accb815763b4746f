/** Files are placed all or none, and none takes the place of another in silence. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { placeFiles, type PlacedFile } from '../../../../src/cli/configure/place-files.ts'

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'mailqueue-place-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

const file = (path: string, more: Partial<PlacedFile> = {}): PlacedFile => ({
  ...{ path, text: `new ${path}`, mode: 0o600, replaces: false, owner: undefined },
  ...more,
})

it('gives new files their modes, and leaves nothing else', async () => {
  const directory = folder()
  const [a, b] = [join(directory, 'a'), join(directory, 'b')]
  expect(await placeFiles([file(a), file(b, { mode: 0o644 })])).toEqual([])
  expect(readdirSync(directory).toSorted()).toEqual(['a', 'b'])
  expect([a, b].map((path) => (statSync(path).mode & 0o777).toString(8))).toEqual(['600', '644'])
})

it('takes everything back when one file is there already', async () => {
  const directory = folder()
  const [a, b, c] = ['a', 'b', 'c'].map((name) => join(directory, name)) as [string, string, string]
  writeFileSync(a, 'old a')
  writeFileSync(c, 'old c')
  const { ino } = statSync(a)
  const all = [file(a, { replaces: true }), file(b), file(c)]
  await expect(placeFiles(all)).rejects.toThrow(`${c} exists and is not overwritten`)
  expect(readdirSync(directory).toSorted()).toEqual(['a', 'c'])
  expect([readFileSync(a, 'utf8'), readFileSync(c, 'utf8')]).toEqual(['old a', 'old c'])
  expect(statSync(a).ino).toBe(ino)
})

it('replaces nothing that was changed since it was read', async () => {
  const path = join(folder(), 'a')
  writeFileSync(path, 'theirs')
  await expect(placeFiles([file(path, { replaces: true, was: 'mine' })])).rejects.toThrow('try again')
  expect(readFileSync(path, 'utf8')).toBe('theirs')
  expect(readdirSync(join(path, '..'))).toEqual(['a'])
  await placeFiles([file(path, { replaces: true, was: 'theirs' })])
  expect(readFileSync(path, 'utf8')).toBe(`new ${path}`)
})

it('says what cannot be written, and changes nothing', async () => {
  const directory = folder()
  const all = [file(join(directory, 'a')), file(join(directory, 'no', 'b'))]
  await expect(placeFiles(all)).rejects.toMatchObject({ code: 'QUEUE_IO' })
  expect(readdirSync(directory)).toEqual([])
})
