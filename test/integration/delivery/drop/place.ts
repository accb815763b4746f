/**
 * A queue and a drop directory in this process, for tests of taking over. Root makes the files of other users.
 */
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { configFromSettings } from '../../../../src/config/settings.ts'
import { deliveryContext, type DeliveryContext } from '../../../../src/delivery/context.ts'
import { takeOverDrops } from '../../../../src/delivery/drop/take-over.ts'
import type { LogFields } from '../../../../src/logging/logger.ts'

/** Users who have names on every machine: nobody and daemon. */
export const ANN = 65_534
export const ANN_NAME = 'nobody'
export const BOB = 1
/** Milliseconds. */
export const HOUR = 3600_000
export const isRoot = process.getuid?.() === 0

/** A queue with a drop, in this process. */
export interface Place {
  readonly directory: string
  readonly queueDir: string
  readonly drop: string
  readonly events: (readonly [string, LogFields | undefined])[]
  /** Moves the clock, in milliseconds. */
  later(by: number): void
  put(name: string, text: string | Buffer, uid?: number): string
  takeOver(settings?: Readonly<Record<string, unknown>>): ReturnType<typeof takeOverDrops>
  parts(settings?: Readonly<Record<string, unknown>>): Parameters<typeof takeOverDrops>[0]
  dropped(): string[]
  /** The blocks of the messages in new/, sorted. */
  blocks(): string[]
}

/** Opens one; it is gone when the test has finished. */
export function openPlace(): Place {
  const directory = mkdtempSync(join(tmpdir(), 'mailqueue-drop-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const [queueDir, drop] = [join(directory, 'queue'), join(directory, 'drop')]
  mkdirSync(queueDir, { mode: 0o700 })
  mkdirSync(drop)
  chmodSync(drop, 0o3733)
  const events: (readonly [string, LogFields | undefined])[] = []
  const note = (event: string, fields?: LogFields): void => void events.push([event, fields])
  const log: DeliveryContext['log'] = {
    debug: note,
    info: note,
    warn: note,
    error: note,
    debugEnabled: false,
  }
  let shift = 0
  const context = deliveryContext({ log, clock: { now: () => Date.now() + shift } })
  const parts = (settings = {}) => ({
    context,
    config: configFromSettings({
      queue_dir: queueDir,
      submit_dir: drop,
      smtp_hostname: '127.0.0.1',
      qualify_domain: 'h.example',
      ...settings,
    }),
  })
  return {
    directory,
    queueDir,
    drop,
    events,
    later: (by) => (shift += by),
    put: (name, text, uid = ANN) => {
      const path = join(drop, name)
      writeFileSync(path, text)
      chownSync(path, uid, 0)
      chmodSync(path, 0o640)
      return path
    },
    parts,
    takeOver: (settings) => takeOverDrops(parts(settings)),
    dropped: () => readdirSync(drop).toSorted(),
    blocks: () =>
      readdirSync(join(queueDir, 'new'))
        .map((name) => readFileSync(join(queueDir, 'new', name), 'utf8').split('X-Queue-Meta-End')[0] ?? '')
        .toSorted(),
  }
}
