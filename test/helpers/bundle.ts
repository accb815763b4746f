/**
 * Makes a program that a test can run in a process of its own out of sources in TypeScript.
 */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')

/** The absolute path of a source file as a string literal, for an import in a program. */
export const source = (path: string) => JSON.stringify(join(ROOT, 'src', path))

/**
 * Bundles a program.
 *
 * @param text the module, in TypeScript
 * @param directory where to put it
 * @returns the path of a script for node
 */
export function bundle(text: string, directory: string): string {
  const input = join(directory, 'program.ts')
  const output = join(directory, 'program.mjs')
  writeFileSync(input, text)
  const options = ['--platform', 'node', '--format', 'esm', '--file', output, '--no-codeSplitting']
  execFileSync(join(ROOT, 'node_modules/.bin/rolldown'), [input, ...options], { stdio: 'pipe' })
  return output
}
