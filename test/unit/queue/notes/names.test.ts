/**
 * The names in notes/ are read again as soon as they may be others.
 */
import { chmodSync, mkdirSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { noteNames } from '../../../../src/queue/notes/names.ts'
import { temporaryQueue } from '../../../helpers/queue-dir.ts'

function site() {
  const queueDir = temporaryQueue()
  mkdirSync(join(queueDir, 'notes'), { recursive: true })
  const note = (name: string): string => join(queueDir, 'notes', name)
  writeFileSync(note('a'), '')
  return { queueDir, note, later: Date.now() + 10_000 }
}

/** Changes the folder, at a time that the file system tells from that of the change before. */
function change(queueDir: string, step: () => void): void {
  const folder = join(queueDir, 'notes')
  const { ctimeMs } = statSync(folder)
  step()
  while (statSync(folder).ctimeMs === ctimeMs) chmodSync(folder, 0o700)
}

describe('the names in notes/', () => {
  it('are not read again while the folder stays as it is', () => {
    const { queueDir, later } = site()
    const names = noteNames(queueDir, later)
    expect(names).toEqual(['a'])
    expect(noteNames(queueDir, later + 999)).toBe(names)
  })

  it('are read again when one came or went', () => {
    const { queueDir, note, later } = site()
    noteNames(queueDir, later)
    change(queueDir, () => writeFileSync(note('b'), ''))
    expect([...noteNames(queueDir, later)].sort()).toEqual(['a', 'b'])
    change(queueDir, () => unlinkSync(note('a')))
    expect(noteNames(queueDir, later)).toEqual(['b'])
  })

  it('are read again after a second, and when the clock was put back', () => {
    const { queueDir, later } = site()
    const names = noteNames(queueDir, later)
    const again = noteNames(queueDir, later + 1000)
    expect(again).not.toBe(names)
    expect(noteNames(queueDir, later)).not.toBe(again)
  })

  it('are read each time while the folder changed just now', () => {
    const { queueDir } = site()
    const now = statSync(join(queueDir, 'notes')).ctimeMs + 1000
    expect(noteNames(queueDir, now)).not.toBe(noteNames(queueDir, now))
  })

  it('cannot be read where there is no such folder', () => {
    expect(() => noteNames(temporaryQueue())).toThrow('ENOENT')
  })
})
