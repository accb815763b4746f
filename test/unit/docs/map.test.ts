/** docs/ARCHITECTURE.md has one line for each file of the project, and none for a file that is not there. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT, textOf } from './pages.ts'

const MAP = textOf('docs/ARCHITECTURE.md')

function filesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1))
}

describe('the list of files in docs/ARCHITECTURE.md', () => {
  const lines = [...MAP.matchAll(/^- `((?:src|bin|scripts)\/[^`]+)` (.*)$/gm)]

  it.each(['bin', 'scripts', 'src'])('has one line for each file below %s/, and no other', (folder) => {
    const named = lines.map(([, path = '']) => path).filter((path) => path.startsWith(`${folder}/`))
    expect(named.toSorted()).toEqual(filesBelow(folder).toSorted())
  })

  it('says something about each, and nothing twice', () => {
    const words = lines.map(([, , text = '']) => text)
    expect(words.filter((text) => text.length < 4)).toEqual([])
    expect(words.filter((text, at) => words.indexOf(text) !== at)).toEqual([])
  })
})

describe('the text of docs/ARCHITECTURE.md', () => {
  it('names no file of this project that does not exist', () => {
    const named = [...MAP.matchAll(/`((?:src|bin|scripts|test)\/[\w./-]+)`/g)].map(([, path = '']) => path)
    expect(named.length).toBeGreaterThan(100)
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
  })

  it('says of each third-party package which files import it, as the files do', () => {
    const rows = [...MAP.matchAll(/^\| ([\w-]+) \| [^|]+ \| `([^`]+)` \|/gm)]
    const wrong = rows.filter(([, name = '', path = '']) => !textOf(path).includes(`'${name}`))
    expect(rows.map(([, name]) => name)).toEqual(expect.arrayContaining(dependencies()))
    expect(wrong.map(([row]) => row)).toEqual([])
  })
})

function dependencies(): string[] {
  const manifest: unknown = JSON.parse(textOf('package.json'))
  const found: unknown = manifest instanceof Object ? Reflect.get(manifest, 'dependencies') : undefined
  return found instanceof Object ? Object.keys(found) : []
}
