/** A queue is tested by writing to it, and nothing of that is left. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { ensureLayout, folderPath, FOLDERS } from '../../../src/queue/layout.ts'
import { probeDropping, probeWriting } from '../../../src/queue/write-probe.ts'

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

describe('probeDropping', () => {
  it('writes to a drop directory and leaves nothing in it', async () => {
    const [drop, queue] = [join(directory, 'drop'), join(directory, 'queue')]
    mkdirSync(drop)
    chmodSync(drop, 0o1733)
    await probeDropping(drop, queue)
    expect(readdirSync(drop)).toEqual([])
  })

  it.each([
    ['that is missing', undefined, 'CONFIG_MISSING'],
    ['that others can list', 0o1777, 'CONFIG_INVALID'],
  ])('refuses a drop directory %s', async (_, mode, code) => {
    const drop = join(directory, 'drop')
    if (mode !== undefined) {
      mkdirSync(drop)
      chmodSync(drop, mode)
    }
    await expect(probeDropping(drop, join(directory, 'queue'))).rejects.toMatchObject({ code })
  })
})
