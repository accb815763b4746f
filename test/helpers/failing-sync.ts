/**
 * A disk that fails when a directory is to be made durable, for the rest of a test in this process.
 */
import fs, { readlinkSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { basename } from 'node:path'
import { onTestFinished } from 'vitest'

/** Has each sync of a directory of that name fail. */
export function failSyncOf(folder: string): void {
  const { fsync } = fs
  const failing = (fd: number, done: fs.NoParamCallback): void => {
    if (basename(readlinkSync(`/proc/self/fd/${fd}`)) === folder)
      done(Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO' }))
    else fsync(fd, done)
  }
  fs.fsync = Object.assign(failing, { __promisify__: fsync.__promisify__ })
  syncBuiltinESMExports()
  onTestFinished(() => {
    fs.fsync = fsync
    syncBuiltinESMExports()
  })
}
