/**
 * A directory for the files of one test, and a way to meet "permission denied" even where tests run as root.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished } from 'vitest'

/** Creates a directory with the given files (mode 0600) and removes it after the test. */
export function scratch(files: Readonly<Record<string, string | Buffer>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'mailqueue-config-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content, { mode: 0o600 })
  }
  return folder
}

/** Runs a function without the rights of root. */
export function unprivileged<T>(action: () => T): T {
  if (process.getuid?.() !== 0) return action()
  process.seteuid?.(65534)
  try {
    return action()
  } finally {
    process.seteuid?.(0)
  }
}

/** Matches any text that contains the given one. */
export function containing(part: string): unknown {
  return expect.stringContaining(part)
}

/** Matches an error with that code whose sentence contains the given text. */
export function failure(code: string, part = ''): unknown {
  return expect.objectContaining({ code, message: containing(part) })
}
