/** Promises of src/plugins/locate.ts that need a file of another owner or a symbolic link. */
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { locatePlugins, trustedPath } from '../../../src/plugins/locate.ts'

let root: string

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'mq-locate-')))
})

afterEach(() => rmSync(root, { recursive: true }))

describe('locatePlugins', () => {
  it('takes file URLs, and names with pattern characters when such a file exists', async () => {
    const path = join(root, 'a[1].mjs')
    writeFileSync(path, '')
    expect(await locatePlugins(pathToFileURL(path).href, '/')).toEqual([path])
    expect(await locatePlugins('a[1].mjs', root)).toEqual([path])
  })

  it('finds packages that are installed beside mailqueue', async () => {
    expect(await locatePlugins('ini', root)).toEqual([expect.stringMatching(/node_modules\/ini\/.*\.js$/)])
  })
})

describe('trustedPath', () => {
  it('checks where a symbolic link leads, not the link', () => {
    mkdirSync(join(root, 'open'))
    const target = join(root, 'open', 'p.mjs')
    writeFileSync(target, '', { mode: 0o644 })
    symlinkSync(target, join(root, 'link.mjs'))
    expect(trustedPath(join(root, 'link.mjs'))).toBe(target)
    chmodSync(join(root, 'open'), 0o775)
    expect(() => trustedPath(join(root, 'link.mjs'))).toThrow(`refused, ${join(root, 'open')} is writable`)
  })

  it.runIf(process.getuid?.() === 0)('refuses a file that belongs to another user', () => {
    const path = join(root, 'p.mjs')
    writeFileSync(path, '', { mode: 0o644 })
    chownSync(path, 12345, 0)
    expect(() => trustedPath(path)).toThrow(
      'belongs to user 12345, neither root nor the user of this process',
    )
  })
})
