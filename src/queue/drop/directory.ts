/**
 * What the drop directory has to be: a directory of the queue's owner (or of root) in which others can make files and
 * reach those whose name they know, but neither list, nor remove or rename what is not theirs (mode 1733). With the
 * set-group-ID bit (3733) what is dropped gets the group of the directory, and only that group can read it.
 * Whoever drops and whoever takes over look first: in a directory that is something else, no mail is safe.
 */
import { closeSync, constants, fstatSync, lstatSync, openSync, statSync, type Stats } from 'node:fs'
import { errnoOf, queueError } from '../../errors/errno.ts'
import { MailError } from '../../errors/mail-error.ts'

/** The mode that it should have. */
const DROP_MODE = 0o3733
const STICKY = 0o1000
const SET_GROUP_ID = 0o2000

type Facts = Pick<Stats, 'mode' | 'uid' | 'gid'> & Pick<Stats, 'isDirectory'>

/** How the directory is made, as a command for people. */
function remedy(directory: string, owner: number): string {
  return `make it with: install -d -o ${owner} -g GROUP -m ${DROP_MODE.toString(8)} ${directory}`
}

/** What is wrong with a directory, as the end of a sentence; undefined for one that mail is safe in. */
function faultOf(facts: Facts, owner: number): string | undefined {
  const { mode, uid } = facts
  if (!facts.isDirectory()) return 'is no directory'
  if (uid !== owner && uid !== 0) return `belongs to the user ${uid}, and not to ${owner}, who has the queue`
  if ((mode & 0o022) !== 0 && (mode & STICKY) === 0)
    return 'has no sticky bit, so that users could remove the mail of others'
  return (mode & 0o044) === 0 ? undefined : 'can be listed by others'
}

/** Whether files in it get its group. */
export function passesOnGroup({ mode }: Pick<Stats, 'mode'>): boolean {
  return (mode & SET_GROUP_ID) !== 0
}

/** Whether anybody else can put files there. */
export function worksForOthers({ mode }: Pick<Stats, 'mode'>): boolean {
  return (mode & 0o003) === 0o003 || (mode & 0o030) === 0o030
}

/** The owner of the queue; root where nobody knows. */
function queueOwner(queueDir: string): number {
  try {
    return statSync(queueDir).uid
  } catch {
    return process.geteuid?.() ?? 0
  }
}

function check<T extends Facts>(facts: T, directory: string, queueDir: string): T {
  const owner = queueOwner(queueDir)
  const fault = faultOf(facts, owner)
  if (fault === undefined) return facts
  throw new MailError('CONFIG_INVALID', `submit_dir ${directory} ${fault}; ${remedy(directory, owner)}`)
}

function missing(error: unknown, directory: string, queueDir: string): unknown {
  if (errnoOf(error) === 'ENOENT') {
    const words = `submit_dir ${directory} does not exist; ${remedy(directory, queueOwner(queueDir))}`
    return new MailError('CONFIG_MISSING', words)
  }
  return errnoOf(error) === 'ENOTDIR' || errnoOf(error) === 'ELOOP'
    ? new MailError('CONFIG_INVALID', `submit_dir ${directory} is no directory; correct the path`)
    : queueError(error, 'cannot look at the drop directory', directory)
}

/**
 * Looks at the directory before mail is put there.
 *
 * @throws MailError CONFIG_MISSING, CONFIG_INVALID or QUEUE_* when no mail may be put there
 */
export function requireDrop(directory: string, queueDir: string): Stats {
  let facts
  try {
    facts = lstatSync(directory)
  } catch (error) {
    throw missing(error, directory, queueDir)
  }
  return check(facts, directory, queueDir)
}

/**
 * Looks at the directory before mail is taken out of it: at the opened one, whatever the path means a moment later.
 *
 * @throws as {@link requireDrop}; QUEUE_DENIED for who may not list it
 */
export function requireOwnDrop(directory: string, queueDir: string): Stats {
  let fd
  try {
    fd = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
  } catch (error) {
    throw missing(error, directory, queueDir)
  }
  try {
    return check(fstatSync(fd), directory, queueDir)
  } finally {
    closeSync(fd)
  }
}
