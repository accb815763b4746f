/** The documents lead to each other, and to nothing that is not there. */
import { existsSync, readdirSync } from 'node:fs'
import { join, posix } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT, textOf } from './pages.ts'

const DOCUMENTS = [
  'README.md',
  'CHANGELOG.md',
  ...readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`),
]

/** Paths from the root that a document links to; code is left out. */
function linksOf(path: string): string[] {
  const prose = textOf(path)
    .replace(/^```[\s\S]*?^```/gm, '')
    .replace(/`[^`\n]*`/g, '')
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^(?:https?:|#)/.test(target))
    .map((target) => posix.join(posix.dirname(path), target.replace(/#.*$/, '')))
}

function reachableFrom(starts: readonly string[]): Set<string> {
  const reached = new Set<string>()
  const waiting = [...starts]
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (reached.has(path)) continue
    reached.add(path)
    if (path.endsWith('.md') && existsSync(join(ROOT, path))) waiting.push(...linksOf(path))
  }
  return reached
}

describe('links', () => {
  it('are found at all', () => {
    expect(linksOf('README.md')).toContain('docs/configuration.md')
    expect(linksOf('docs/delivery.md')).toContain('docs/transport.md')
  })

  it.each(DOCUMENTS)('of %s lead to files that exist', (path) => {
    expect(linksOf(path).filter((target) => !existsSync(join(ROOT, target)))).toEqual([])
  })

  it('lead to every page in docs/ from the README or from ARCHITECTURE.md', () => {
    const reached = reachableFrom(['README.md', 'docs/ARCHITECTURE.md'])
    expect(DOCUMENTS.filter((path) => !reached.has(path))).toEqual([])
  })
})

describe('manual pages', () => {
  const pages = readdirSync(join(ROOT, 'man')).toSorted()
  const manifest: unknown = JSON.parse(textOf('package.json'))
  const promised: unknown = manifest instanceof Object ? Reflect.get(manifest, 'man') : undefined

  it('are those that package.json installs', () => {
    expect(pages.map((name) => `./man/${name}`)).toEqual(Array.isArray(promised) ? promised.toSorted() : [])
  })

  it.each(pages)('refer only to pages of this project that exist: %s', (name) => {
    const own = [...textOf(`man/${name}`).matchAll(/^\.Xr (mq-\S+|mailqueue\S*) (\d)/gm)]
    expect(own.length).toBeGreaterThan(0)
    const targets = own.map(([, page, number]) => `${String(page)}.${String(number)}`)
    expect(targets.filter((target) => !pages.includes(target))).toEqual([])
  })
})
