/** The promise of src/util/version.ts: the version of package.json. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { VERSION } from '../../../src/util/version.ts'

it('the version is the one of package.json', () => {
  const manifest = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
  expect(manifest).toContain(`"version": "${VERSION}"`)
  expect(VERSION).toMatch(/^\d+\.\d+\.\d+/)
})
