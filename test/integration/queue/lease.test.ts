/**
 * The lease of a runner: that it cannot be taken is told in the same words each time.
 */
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { acquireLease } from '../../../src/queue/lease.ts'

it('a lease that cannot be taken is told in the same words each time, so that it is said once', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'mailqueue-lease-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  // No file can be made there, by root neither.
  symlinkSync('/sys', join(directory, 'runners'))
  const reasonOf = (): Promise<unknown> =>
    acquireLease(directory, 'run', () => Date.now()).then(
      () => 'taken',
      (error: unknown) => String(error),
    )
  const first = await reasonOf()
  expect(first).toMatch(/cannot take a runner lease in \S+\/runners: /)
  expect(await reasonOf()).toBe(first)
  expect(readdirSync(directory)).toEqual(['runners'])
})
