/**
 * What an enemy among the users may put into the drop, and how he may change it meanwhile: nothing is followed, nothing
 * blocks, and the mail of others goes its way.
 */
import { execFileSync, spawn } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  chownSync,
  closeSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { readDropped } from '../../../../src/queue/drop/file.ts'
import { droppedText, messageName } from '../../../helpers/drop-site.ts'
import { queueContents, storedIn } from '../../../helpers/queue-dir.ts'
import { ANN, BOB, HOUR, isRoot, openPlace, type Place } from './place.ts'

describe.runIf(isRoot)('what is no file of its own', () => {
  const secret = 'Return-path: <a@s.ex>\r\nEnvelope-to: thief@d.ex\r\nX-Queue-Meta-End: end\r\nsecret\r\n'
  async function staysAndBlocksNobody(place: Place, left: number): Promise<void> {
    place.put(messageName(), droppedText('honest@d.ex'), BOB)
    expect(await place.takeOver()).toMatchObject({ taken: 1, refused: 0, problem: undefined })
    expect(queueContents(place.queueDir)).toEqual({ new: ['honest@d.ex=pending'] })
    expect(place.dropped()).toHaveLength(left)
  }

  it('is not followed: a symbolic link to what only the owner of the queue can read', async () => {
    const place = openPlace()
    const target = join(place.directory, 'shadow')
    writeFileSync(target, secret, { mode: 0o600 })
    symlinkSync(target, join(place.drop, messageName()))
    await staysAndBlocksNobody(place, 1)
  })

  it('is not read: a hard link to the file of another user', async () => {
    const place = openPlace()
    const target = join(place.directory, 'private')
    writeFileSync(target, secret, { mode: 0o600 })
    chownSync(target, BOB, BOB)
    linkSync(target, join(place.drop, messageName()))
    await staysAndBlocksNobody(place, 1)
    expect(readFileSync(target, 'utf8')).toBe(secret)
  })

  it('does not block: a file that its owner holds a lease on, so that nobody can open it', async (context) => {
    const place = openPlace()
    chmodSync(place.directory, 0o755)
    const path = place.put(messageName(), droppedText('one@d.ex'))
    const script =
      `import fcntl,os,sys; os.setuid(${ANN}); fd=os.open(sys.argv[1],os.O_WRONLY); ` +
      `fcntl.fcntl(fd,fcntl.F_SETLEASE,fcntl.F_WRLCK); print('held',flush=True); sys.stdin.read()`
    const holder = spawn('python3', ['-c', script, path], { stdio: ['pipe', 'pipe', 'inherit'] })
    onTestFinished(() => void holder.kill('SIGKILL'))
    const held = await new Promise<boolean>((resolve) => {
      holder.once('error', () => resolve(false))
      holder.once('exit', () => resolve(false))
      holder.stdout.once('data', () => resolve(true))
    })
    if (!held) context.skip('no lease can be taken here')
    await staysAndBlocksNobody(place, 1)
  })

  it('does not block: a FIFO, a socket, a directory', async () => {
    const place = openPlace()
    execFileSync('mkfifo', [join(place.drop, messageName())])
    mkdirSync(join(place.drop, messageName()))
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(join(place.drop, 'socket'), resolve))
    onTestFinished(() => void server.close())
    await staysAndBlocksNobody(place, 3)
  })

  it('has a name that no message has, and changes nothing: line ends, escapes, octets that are no text', async () => {
    const place = openPlace()
    for (const name of ['a\nb', '\u001B]0;x\u0007', '-rf', `${messageName()}\n`, '.hidden', 'x'.repeat(255)])
      place.put(name, droppedText('one@d.ex'))
    const odd = Buffer.concat([Buffer.from(`${place.drop}/`), Buffer.from([0xff, 0xfe, 0x80])])
    writeFileSync(odd, 'x')
    await staysAndBlocksNobody(place, 7)
    place.later(37 * HOUR)
    await place.takeOver()
    expect(place.dropped()).toEqual([])
    expect(place.events.at(-1)?.[0]).toBe('intake.removed')
  })

  it('goes when it is old, but for directories, whatever time its owner gave it', async () => {
    const place = openPlace()
    utimesSync(place.put('from-the-future', 'x'), 4e9, 4e9)
    symlinkSync('/etc/shadow', join(place.drop, messageName()))
    symlinkSync(place.queueDir, join(place.drop, 'x'))
    execFileSync('mkfifo', [join(place.drop, 'fifo')])
    mkdirSync(join(place.drop, 'full'))
    place.put(join('full', 'file'), 'x')
    place.put(`.${messageName()}`, 'half')
    place.later(35 * HOUR)
    await place.takeOver()
    expect(place.dropped()).toHaveLength(6)
    place.later(2 * HOUR)
    expect(await place.takeOver()).toMatchObject({ taken: 0, refused: 0, left: 0 })
    expect(place.dropped()).toEqual(['full'])
    expect(lstatSync('/etc/shadow').isFile()).toBe(true)
  })
})

describe.runIf(isRoot)('what changes while it is taken', () => {
  const reading = (place: Place) => ({ uid: ANN, maxSize: 2 ** 30, spillDirectory: place.directory })

  it('is not the file that was found: swapped for that of another user', async () => {
    const place = openPlace()
    const path = place.put(messageName(), droppedText('one@d.ex'), BOB)
    expect(await readDropped(path, reading(place))).toMatchObject({ kind: 'left' })
  })

  it('is left for the next time: a file that grows or shrinks while it is read', async () => {
    const place = openPlace()
    const large = droppedText('one@d.ex', { body: `${'x'.repeat(76)}\r\n`.repeat(200_000) })
    for (const change of [
      (path: string) => appendFileSync(path, 'more'),
      (path: string) => truncateSync(path, 100_000),
      (path: string) => chmodSync(path, 0o600),
      (path: string) => linkSync(path, `${path}.second`),
    ]) {
      const path = place.put(messageName(), large)
      const result = readDropped(path, reading(place))
      // 15 MB are not read in the first turn
      change(path)
      expect(await result).toEqual({ kind: 'left', why: 'it changed while it was read' })
    }
  })

  it('reaches the queue as it was: its owner has it open still', async () => {
    const place = openPlace()
    const path = place.put(messageName(), droppedText('one@d.ex'))
    const fd = openSync(path, 'r+')
    await place.takeOver()
    appendFileSync(fd, 'added afterwards')
    closeSync(fd)
    expect(storedIn(place.queueDir, 'new')[0]?.bytes.toString()).toBe('Subject: s\r\n\r\nbody\r\n')
    expect(place.dropped()).toEqual([])
  })

  it('is gone: removed by its owner', async () => {
    const place = openPlace()
    expect(await readDropped(join(place.drop, messageName()), reading(place))).toEqual({ kind: 'gone' })
  })
})
