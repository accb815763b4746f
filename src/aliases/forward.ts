/**
 * The forward files of the users of this machine (`~/.forward`): addresses that somebody wants his mail sent to.
 * A user writes it, so it has addresses only, and it has to be his own and safe from others. Whatever is wrong
 * with it is reported and the mail goes to the user as if he had none: a broken file never refuses his mail.
 */
import type { Stats } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { errnoOf, queueError } from '../errors/errno.ts'
import { readUsers, type User } from '../util/passwd.ts'
import { parseAddressLines, type AddressFile } from './address-lines.ts'
import { readListFile } from './list-file.ts'
import { localName, lookUpNames } from './local-name.ts'
import type { AliasTarget, TargetList } from './targets.ts'

/** Largest forward file, in bytes. */
export const FORWARD_LIMIT = 64 * 1024

/** Who the users are, and which names are theirs. */
export interface ForwardSource {
  readonly localDomains: readonly string[]
  readonly delimiter?: string | undefined
  /** The password file; that of the system when left out. */
  readonly passwd?: string
}

const NOTHING: TargetList = { targets: [], problems: [] }
const FORWARD: AddressFile = { what: 'a forward file', allowed: new Set(['address', 'verbatim']) }

/** What sendmail and Postfix demand: nobody but the user and root can have written it. */
function objectionFor({ uid }: User): (stat: Stats) => string | undefined {
  return (stat) => {
    if (stat.uid !== uid && stat.uid !== 0) return 'it belongs to another user'
    if ((stat.mode & 0o022) !== 0) return 'others can write to it; chmod go-w helps'
    return stat.nlink > 1 ? 'it has a second name (a hard link)' : undefined
  }
}

/** The users by their names in lower case, as local names are. */
function usersOf(path: string | undefined): ReadonlyMap<string, User> {
  try {
    return new Map([...readUsers(path)].map(([name, user]) => [name.toLowerCase(), user]))
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'EACCES') return new Map()
    throw queueError(error, 'cannot read', path ?? '/etc/passwd')
  }
}

/** His own name means "here as well"; this program delivers nothing here. */
function withoutSelf(user: User, targets: readonly AliasTarget[], source: ForwardSource): AliasTarget[] {
  return targets.filter((target) => {
    if (target.kind !== 'address' && target.kind !== 'verbatim') return true
    const name = localName(target.address, source.localDomains)
    return name === undefined || !lookUpNames(name, source.delimiter).includes(user.name.toLowerCase())
  })
}

function readForward(user: User, source: ForwardSource): TargetList {
  const path = join(user.home, '.forward')
  const unused = (why: string): string => `${path}: ${why}; the mail for ${user.name} is not forwarded`
  const file = readListFile(path, FORWARD_LIMIT, { objection: objectionFor(user), noLink: true })
  if (!file.ok) {
    if (file.errno === 'ENOENT' || file.errno === 'ENOTDIR') return NOTHING
    return { targets: [], problems: [unused(file.errno === 'ELOOP' ? 'it is a symbolic link' : file.reason)] }
  }
  const { targets, problems } = parseAddressLines(file.text, path, FORWARD)
  const others = withoutSelf(user, targets, source)
  if (targets.length === 0) return { targets, problems: [...problems, unused('it has no address')] }
  if (others.length === 0 || others.length === targets.length) return { targets: others, problems }
  const self = `${path} names its own user; there is no local delivery, the other addresses are used`
  return { targets: others, problems: [...problems, self] }
}

/**
 * Opens the forward files of this machine. The password file is read at the first question, each forward file
 * at the first question for its user.
 *
 * @returns gives, for a local name in lower case, where its user wants the mail sent and what is wrong with his
 *   file; no targets where the name is no user's, or his mail is not forwarded. It throws MailError `QUEUE_IO`
 *   when a file could not be read now and may be later
 */
export function forwardReader(source: ForwardSource): (name: string) => TargetList {
  const known = new Map<string, TargetList>()
  let users: ReadonlyMap<string, User> | undefined
  return (name) => {
    const before = known.get(name)
    if (before !== undefined) return before
    users ??= usersOf(source.passwd)
    const user = users.get(name)
    const forward = user !== undefined && isAbsolute(user.home) ? readForward(user, source) : NOTHING
    known.set(name, forward)
    return forward
  }
}
