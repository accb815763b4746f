/** Dropping a message, and the directory that it is dropped in. */
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { bufferContent } from '../../../../src/message/content.ts'
import { requireDrop, requireOwnDrop } from '../../../../src/queue/drop/directory.ts'
import { dropId } from '../../../../src/queue/drop/name.ts'
import { scanDrop } from '../../../../src/queue/drop/scan.ts'
import { DropStore } from '../../../../src/queue/drop/store.ts'
import { messageName } from '../../../helpers/drop-site.ts'

function places(mode = 0o3733) {
  const directory = mkdtempSync(join(tmpdir(), 'mailqueue-drop-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const [queueDir, drop] = [join(directory, 'queue'), join(directory, 'drop')]
  mkdirSync(queueDir, { mode: 0o700 })
  mkdirSync(drop)
  chmodSync(drop, mode)
  return { directory, queueDir, drop, store: new DropStore({ directory: drop, queueDir, maxSize: 1000 }) }
}

const message = (recipients: string[], size = 10) => ({
  envelope: { sender: 'a@s.ex', recipients },
  content: bufferContent(Buffer.alloc(size, 'x')),
})

describe('a message', () => {
  it('is a file that only its owner and the group of the drop can read, under the id that it was promised', async () => {
    const { drop, store } = places()
    const id = await store.enqueue(message(['one@d.ex']))
    const [name = '', ...others] = readdirSync(drop)
    expect(others).toEqual([])
    expect(statSync(join(drop, name)).mode & 0o777).toBe(0o640)
    expect(id).toBe(dropId(process.geteuid?.() ?? 0, name).toUpperCase())
  })

  it.each([
    { what: 'is too large', given: message(['one@d.ex'], 1001), code: 'MESSAGE_REFUSED' },
    {
      what: 'has too many recipients',
      given: message(Array.from({ length: 100_000 }, (_, at) => `recipient${at}@d.ex`)),
      code: 'MESSAGE_REFUSED',
    },
    { what: 'names a server', given: { ...message(['one@d.ex']), server: { host: 'h' } }, code: 'USAGE' },
    { what: 'has no recipient', given: message([]), code: 'NO_RECIPIENTS' },
  ])('that $what is not dropped', async ({ given, code }) => {
    const { drop, store } = places()
    await expect(store.enqueue(given)).rejects.toMatchObject({ code })
    expect(readdirSync(drop)).toEqual([])
  })

  it('cannot be looked for in the drop', async () => {
    const { store } = places()
    expect(() => {
      store.list()
    }).toThrow(/only who may write the queue/)
    await expect(store.find()).rejects.toMatchObject({ code: 'QUEUE_DENIED' })
    await expect(store.readNote()).resolves.toBeUndefined()
  })
})

describe('the drop directory', () => {
  it.each([0o3733, 0o1733, 0o3730, 0o700])('may have the mode %o', (mode) => {
    const { drop, queueDir } = places(mode)
    expect(requireDrop(drop, queueDir).isDirectory()).toBe(true)
    expect(requireOwnDrop(drop, queueDir).isDirectory()).toBe(true)
  })

  it.each([
    { mode: 0o2733, words: 'sticky bit' },
    { mode: 0o777, words: 'sticky bit' },
    { mode: 0o1777, words: 'can be listed' },
    { mode: 0o1743, words: 'can be listed' },
  ])('may not have the mode $mode', ({ mode, words }) => {
    const { drop, queueDir } = places(mode)
    for (const look of [requireDrop, requireOwnDrop]) expect(() => look(drop, queueDir)).toThrow(words)
  })

  it('may not be a link, or a file', () => {
    const { directory, drop, queueDir } = places()
    const [link, file] = [join(directory, 'link'), join(directory, 'file')]
    symlinkSync(drop, link)
    writeFileSync(file, '')
    for (const look of [requireDrop, requireOwnDrop])
      for (const path of [link, file]) expect(() => look(path, queueDir)).toThrow('is no directory')
  })
})

describe('a listing', () => {
  it('keeps the oldest of each user, and counts all', async () => {
    const { drop } = places()
    const names = Array.from({ length: 20 }, () => messageName())
    for (const name of names.toReversed()) writeFileSync(join(drop, name), 'x')
    const found = await scanDrop(drop, { now: Date.now(), most: 3, sweep: false })
    expect([...found.byUser.values()]).toEqual([names.toSorted().slice(0, 3)])
    expect(found.count).toBe(20)
    const rest = await scanDrop(drop, {
      now: Date.now(),
      most: 3,
      sweep: false,
      except: new Set(names.slice(0, 19)),
    })
    expect([...rest.byUser.values()]).toEqual([names.slice(19)])
  })
})
