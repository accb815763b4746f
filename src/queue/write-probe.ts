/**
 * Whether this process can put a message into a queue: a file is written to tmp/, synced and removed again, as a message
 * would be. A queue that is not there is not made; then only its parent directory is looked at. For who may only drop
 * messages, the file is written to the drop directory.
 */
import { accessSync, closeSync, constants, existsSync, fstatSync, statSync, unlinkSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errnoOf, queueError } from '../errors/errno.ts'
import { MailError } from '../errors/mail-error.ts'
import { systemClock } from '../util/clock.ts'
import { createExclusive, syncFile, writeAll } from '../util/durable-file.ts'
import { requireDrop } from './drop/directory.ts'
import { newUnique } from './entry-name.ts'
import { folderPath, requireQueue, type Folder } from './layout.ts'

/** What was found about a queue that can be written. */
export interface WriteProbe {
  /** False when the queue is made with the first message. */
  readonly made: boolean
  /** The kind of file system, such as `ext4`; its number in hexadecimal when it has no name here. */
  readonly fileSystem: string
  /** Milliseconds since the epoch, by the clock of the file system; undefined when nothing was written. */
  readonly time: number | undefined
}

/** As much as a short message takes. */
const PROBE_SIZE = 4096
const ENTERED: readonly Folder[] = ['tmp', 'new', 'cur', 'state', 'notes', 'runners']

/** The numbers that statfs(2) gives to common file systems. */
const FILE_SYSTEMS: Readonly<Record<number, string>> = {
  0xef53: 'ext4',
  0x58465342: 'xfs',
  0x9123683e: 'btrfs',
  0x2fc12fc1: 'zfs',
  0xf2f52010: 'f2fs',
  0x3153464a: 'jfs',
  0x01021994: 'tmpfs',
  0x858458f6: 'ramfs',
  0x794c7630: 'overlayfs',
  0x6969: 'nfs',
  0xff534d42: 'cifs',
  0xfe534d42: 'smb2',
  0x01021997: '9p',
  0x65735546: 'fuse',
  0x00c36400: 'ceph',
  0x4d44: 'vfat',
}

async function fileSystemOf(path: string): Promise<string> {
  const { type } = await statfs(path)
  const number = type >>> 0
  return FILE_SYSTEMS[number] ?? `0x${number.toString(16)}`
}

async function writeOnce(path: string): Promise<number> {
  const fd = createExclusive(path)
  try {
    writeAll(fd, Buffer.alloc(PROBE_SIZE))
    await syncFile(fd)
    return fstatSync(fd).mtimeMs
  } finally {
    closeSync(fd)
    unlinkSync(path)
  }
}

function refuseParent(queueDir: string): void {
  const parent = dirname(queueDir)
  if (statSync(parent, { throwIfNoEntry: false })?.isDirectory() !== true) {
    const sentence = `the queue directory ${queueDir} cannot be made: ${parent} does not exist`
    throw new MailError('CONFIG_MISSING', `${sentence}; create it or correct queue_dir`)
  }
  try {
    accessSync(parent, constants.W_OK | constants.X_OK)
  } catch (error) {
    throw queueError(error, 'cannot make the queue in', parent)
  }
}

/**
 * Tries.
 *
 * @param queueDir absolute path of the queue directory
 * @throws MailError CONFIG_* when there is no place for a queue, QUEUE_* when it cannot be written
 */
export async function probeWriting(queueDir: string): Promise<WriteProbe> {
  if (!existsSync(queueDir)) {
    refuseParent(queueDir)
    return { made: false, fileSystem: await fileSystemOf(dirname(queueDir)), time: undefined }
  }
  requireQueue(queueDir)
  try {
    for (const folder of ENTERED) {
      const path = folderPath(queueDir, folder)
      // What is missing is made with the next message.
      accessSync(existsSync(path) ? path : queueDir, constants.W_OK | constants.X_OK)
    }
    const written = existsSync(folderPath(queueDir, 'tmp'))
    const time = written ? await writeOnce(folderPath(queueDir, 'tmp', newUnique(systemClock))) : undefined
    return { made: true, fileSystem: await fileSystemOf(queueDir), time }
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    throw queueError(error, 'cannot write to the queue', queueDir)
  }
}

/**
 * Tries with a drop directory.
 *
 * @param directory absolute path of the drop directory
 * @param queueDir that of the queue that takes its mail
 * @throws MailError CONFIG_* when no mail may be put there, QUEUE_* when it cannot be written
 */
export async function probeDropping(directory: string, queueDir: string): Promise<void> {
  requireDrop(directory, queueDir)
  try {
    // Hidden, as a message is that is still being written: nobody takes it over.
    await writeOnce(`${directory}/.${newUnique(systemClock)}`)
  } catch (error) {
    throw queueError(error, 'cannot drop messages in', directory)
  }
}
