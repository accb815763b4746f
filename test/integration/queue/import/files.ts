/**
 * Foreign queues in temporary directories, and what an import finds in them, in a form that can be compared.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { onTestFinished } from 'vitest'
import {
  readForeign,
  type ForeignItem,
  type ReadForeignOptions,
} from '../../../../src/queue/import/read-foreign.ts'
import type { ForeignFormatName } from '../../../../src/queue/import/formats.ts'

/** A directory that is gone when the test is over. */
export function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), 'mailqueue-import-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** A directory with these files, by their paths. */
export function queueOf(
  files: Readonly<Record<string, string | Buffer>>,
  folders: readonly string[] = [],
): string {
  const directory = scratch()
  for (const folder of folders) mkdirSync(join(directory, folder), { recursive: true })
  for (const [path, contents] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), contents, { mode: 0o600 })
  }
  return directory
}

/** Everything an import yields, by the path inside of the directory. */
export async function itemsOf(
  path: string,
  format: ForeignFormatName,
  options: Partial<ReadForeignOptions> = {},
): Promise<Map<string, ForeignItem>> {
  const items = new Map<string, ForeignItem>()
  for await (const item of readForeign(path, format, { spillDirectory: tmpdir(), ...options })) {
    const key = relative(path, item.source) || '.'
    if (items.has(key)) throw new Error(`${key} was yielded twice`)
    items.set(key, item)
  }
  return items
}

/** The only item, which must be a message. */
export async function onlyMessage(
  path: string,
  format: ForeignFormatName,
  options: Partial<ReadForeignOptions> = {},
): Promise<Extract<ForeignItem, { kind: 'message' }>> {
  const [item, second] = [...(await itemsOf(path, format, options)).values()]
  if (item?.kind !== 'message' || second !== undefined) {
    throw new Error(`not exactly one message: ${JSON.stringify([item, second])}`)
  }
  return item
}

/** Why each file was skipped, by its path; `message` for messages. */
export async function whyOf(
  path: string,
  format: ForeignFormatName,
  options: Partial<ReadForeignOptions> = {},
): Promise<Record<string, string>> {
  const items = [...(await itemsOf(path, format, options))]
  return Object.fromEntries(
    items.map(([name, item]) => [name, item.kind === 'skipped' ? item.why : 'message']),
  )
}
