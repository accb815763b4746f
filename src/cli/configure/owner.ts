/**
 * To whom the files belong that mq-configure makes: the user whom root names with --owner, else the user to whom the queue
 * of an unfinished configuration belongs, else whoever runs it.
 */
import { statSync } from 'node:fs'
import { MailError } from '../../errors/mail-error.ts'
import { readUsers } from '../../util/passwd.ts'
import type { ConfigureOptions } from './call.ts'

/** User and group of a file, by their numbers. */
export interface Owner {
  readonly uid: number
  readonly gid: number
}

/** Whether the machine is set up, and not one user. */
export const isRoot = (): boolean => process.geteuid?.() === 0

/**
 * The user whom --owner names; undefined without it.
 *
 * @throws MailError USAGE when it is not root who names one, or there is no such user
 */
export function namedOwner(options: ConfigureOptions): Owner | undefined {
  const { owner } = options
  if (owner === undefined) return undefined
  if (!isRoot())
    throw new MailError('USAGE', '--owner is for root only; let the user run mq-configure, or leave it out')
  const user = readUsers().get(owner)
  if (user?.gid === undefined)
    throw new MailError('USAGE', `--owner: there is no user ${JSON.stringify(owner)}; check the name`)
  return { uid: user.uid, gid: user.gid }
}

/** To whom a queue belongs; undefined for root, and where there is no queue. */
export function ownerOfQueue(path: string | undefined): Owner | undefined {
  const stats = path === undefined ? undefined : statSync(path, { throwIfNoEntry: false })
  return stats === undefined || stats.uid === 0 ? undefined : { uid: stats.uid, gid: stats.gid }
}
