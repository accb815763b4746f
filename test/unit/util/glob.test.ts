/** Promises of src/util/glob.ts: absolute paths, byte order, hidden files only when asked for. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expandGlob, isGlob } from '../../../src/util/glob.ts'

let root: string

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'mq-glob-'))
  mkdirSync(join(root, 'sub'))
  for (const name of ['b.mjs', 'a.mjs', 'Z.mjs', '.hidden.mjs', 'c.txt', 'sub/d.mjs', '[x].mjs']) {
    writeFileSync(join(root, name), '')
  }
})

afterAll(() => rmSync(root, { recursive: true }))

const under = (...names: string[]): string[] => names.map((name) => join(root, name))

describe('expandGlob', () => {
  it('gives absolute paths in byte order and leaves hidden files out', async () => {
    expect(await expandGlob('*.mjs', root)).toEqual(under('Z.mjs', '[x].mjs', 'a.mjs', 'b.mjs'))
  })

  it('takes a hidden file that the pattern names', async () => {
    expect(await expandGlob('.hid*', root)).toEqual(under('.hidden.mjs'))
  })

  it('accepts absolute patterns and patterns that start with a dot', async () => {
    expect(await expandGlob(`${root}/sub/*`, '/')).toEqual(under('sub/d.mjs'))
    expect(await expandGlob('../sub/*.mjs', join(root, 'sub'))).toEqual(under('sub/d.mjs'))
    expect(await expandGlob('./**/d.mjs', root)).toEqual(under('sub/d.mjs'))
  })

  it('lets a backslash take the meaning from a character', async () => {
    expect(await expandGlob('\\[x\\].m*', root)).toEqual(under('[x].mjs'))
  })

  it('gives nothing for no match and for a directory that does not exist', async () => {
    expect(await expandGlob('*.none', root)).toEqual([])
    expect(await expandGlob('none/*', root)).toEqual([])
  })
})

describe('isGlob', () => {
  it.each(['*.mjs', 'a?.txt', 'a[12]', '{a,b}', '!(a)', '+(a)'])('sees a pattern in %s', (text) => {
    expect(isGlob(text)).toBe(true)
  })

  it.each(['plain.mjs', '/etc/a b', '@scope/name', 'wow!', 'a+b', '(x)'])('sees none in %s', (text) => {
    expect(isGlob(text)).toBe(false)
  })
})
