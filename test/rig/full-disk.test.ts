/**
 * A disk that is full for real: a small file system in memory holds the queue. Needs root; where mounting is not
 * permitted the tests are skipped and say so.
 */
import { spawnSync } from 'node:child_process'
import {
  closeSync,
  mkdtempSync,
  openSync,
  rmdirSync,
  rmSync,
  statfsSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { queueContents, snapshot } from '../helpers/queue-dir.ts'
import { letter, RigSite } from './site.ts'

const disk = mkdtempSync(join(tmpdir(), 'mailqueue-disk-'))
const queueDir = join(disk, 'queue')
let mounted = false
let site: RigSite | undefined

function mount(options: string): boolean {
  mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'mailqueue-rig', disk]).status === 0
  return mounted
}

function unmount(): void {
  if (mounted) spawnSync('umount', ['--lazy', disk])
  mounted = false
}

beforeAll(() => {
  const able = mount('size=256k')
  unmount()
  if (!able) process.stderr.write('SKIPPED: full disks, because nothing can be mounted here (needs root)\n')
  return () => unmount()
})
afterEach(async () => {
  await site?.end()
  site = undefined
  unmount()
})
afterAll(() => rmdirSync(disk))

/** Takes all the room that is left, to the last block. */
function fillBlocks(): () => void {
  const ballast = join(disk, 'ballast')
  const fd = openSync(ballast, 'w')
  try {
    for (;;) writeSync(fd, Buffer.alloc(4096))
  } catch {
    // Full.
  } finally {
    closeSync(fd)
  }
  expect(statfsSync(disk).bfree).toBe(0)
  return () => rmSync(ballast)
}

/** Takes every name that is left. */
function fillNames(): () => void {
  const made: string[] = []
  try {
    for (;;) {
      const name = join(disk, `name${made.length}`)
      writeFileSync(name, '')
      made.push(name)
    }
  } catch {
    // Full.
  }
  return () => made.forEach((name) => rmSync(name))
}

const FULL = [
  { what: 'no blocks', options: 'size=256k', fill: fillBlocks },
  { what: 'no inodes', options: 'size=4m,nr_inodes=60', fill: fillNames },
]
/** Refuses one of two recipients for now, so that the outcome has to be written to the journal. */
const MIXED = {
  rcpt: ({ address }: { address: string }) => (address.includes('-1@') ? '450 4.2.0 later' : undefined),
}

describe.each(FULL)('a disk with $what', ({ options, fill }) => {
  it('refuses mail with 75 and an untouched queue, and delivers all once there is room', async (context) => {
    if (!mount(options)) return context.skip('cannot mount a file system here')
    site = await RigSite.open(() => ({}), { queueDir })
    expect((await site.submit(letter('k1', 1, 100), { spool: 'only' }).result).code).toBe(0)
    const free = fill()
    const before = snapshot(queueDir)
    for (const [key, spool] of [
      ['k2', 'only'],
      ['k3', 'first'],
    ] as const) {
      const { code, stderr } = await site.submit(letter(key, 1, 20_000), { spool }).result
      expect(code, stderr).toBe(75)
      expect(stderr.trimEnd().split('\n')).toHaveLength(1)
      expect(Object.keys(snapshot(queueDir))).toEqual(Object.keys(before))
    }
    free()
    await site.settle()
    expect(site.server.transactions.map(({ mailFrom, accepted }) => [mailFrom, accepted])).toEqual([
      ['a+k1@s.example', true],
    ])
    expect(queueContents(queueDir)).toEqual({})
  })

  it('stops a run that cannot write an outcome; nothing is lost, and what was on the wire is in doubt', async (context) => {
    if (!mount(options)) return context.skip('cannot mount a file system here')
    let free: (() => void) | undefined
    // The disk is full from the moment at which the server has the message.
    const dot = (): undefined => void (free ??= fill())
    site = await RigSite.open(() => ({ ...MIXED, dot }), { queueDir })
    const mail = letter('k1', 2, 100)
    expect((await site.submit(mail, { spool: 'only' }).result).code).toBe(0)
    const { code, stderr } = await site.start('mq-run', ['--all']).result
    expect(code, stderr).toBe(75)
    free?.()
    expect(queueContents(queueDir)).toMatchObject({ cur: ['k1-0@d.example=pending k1-1@d.example=pending'] })
    await site.settle()
    expect(queueContents(queueDir)).toEqual({})
    const accepted = site.server.transactions.filter((each) => each.accepted).flatMap(({ rcptTo }) => rcptTo)
    // The one that was on the wire when the disk was full may get a second copy, nobody else.
    expect(accepted.toSorted()).toEqual(['k1-0@d.example', 'k1-0@d.example', 'k1-1@d.example'])
  })
})
