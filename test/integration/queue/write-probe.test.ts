/** A queue is tested by writing to it, and nothing of that is left. */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { ensureLayout, folderPath, FOLDERS } from '../../../src/queue/layout.ts'
import { probeWriting } from '../../../src/queue/write-probe.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mailqueue-probe-'))
  return () => rmSync(directory, { recursive: true })
})

describe('probeWriting', () => {
  it('writes to a queue and leaves nothing in it', async () => {
    const queue = join(directory, 'queue')
    await ensureLayout(queue)
    const found = await probeWriting(queue)
    expect(found).toMatchObject({ made: true, fileSystem: expect.stringMatching(/^[0-9a-z]+$/) as string })
    expect(found.time).toBeGreaterThan(0)
    for (const folder of FOLDERS) expect(readdirSync(folderPath(queue, folder))).toEqual([])
  })

  it('makes no queue', async () => {
    const queue = join(directory, 'queue')
    expect(await probeWriting(queue)).toMatchObject({ made: false, time: undefined })
    expect(existsSync(queue)).toBe(false)
  })

  it.each([
    ['a directory that is something else', '', 'CONFIG_INVALID', /is no queue/],
    ['a file', 'file', 'CONFIG_INVALID', /is not a directory/],
    ['a place without a parent', 'no/queue', 'CONFIG_MISSING', /does not exist/],
  ])('refuses %s', async (_, name, code, words) => {
    writeFileSync(join(directory, 'file'), '')
    await expect(probeWriting(join(directory, name))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(words) as string,
    })
    expect(readdirSync(directory)).toEqual(['file'])
  })
})
