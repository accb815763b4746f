/**
 * Taking a message from its delivery, when the machine fails in the middle of it.
 */
import fs, { appendFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { queueContents } from '../../helpers/queue-dir.ts'
import { entriesOf } from './contract.ts'
import { claimed, deadPid, disown, recover, testQueue } from './maildir.ts'

it('keeps the doubt about a message that was handed over at that moment and cannot be read now', async () => {
  const queue = testQueue()
  const { runner } = await claimed(queue, 'a@x')
  const [entry] = await entriesOf(queue.store)
  if (entry === undefined) throw new Error('the queue is empty')
  const admin = await queue.store.openRunner('admin')
  const { renameSync, openSync } = fs
  const restore = (): void => {
    Object.assign(fs, { renameSync, openSync })
    syncBuiltinESMExports()
  }
  onTestFinished(restore)
  // The deliverer hands the message over directly before its file is moved away.
  fs.renameSync = (from, to) => {
    appendFileSync(join(queue.queueDir, 'runners', runner.id), `${entry.key.split(':1,')[1]}\n`)
    renameSync(from, to)
    fs.openSync = (path, ...more) => {
      if (String(path) !== String(to)) return openSync(path, ...more)
      throw Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' })
    }
    syncBuiltinESMExports()
  }
  syncBuiltinESMExports()
  await expect(admin.take(entry)).rejects.toMatchObject({ code: 'QUEUE_IO' })
  restore()
  await admin.close()
  disown(queue.queueDir, runner, { pid: deadPid() })
  expect(await recover(queue)).toEqual([true])
  expect(queueContents(queue.queueDir)).toEqual({ new: ['a@x=in-doubt'] })
})
