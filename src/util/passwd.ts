/**
 * The users of this machine, from the password file, passwd(5). Users that only a directory service knows are
 * not among them. A line that is no entry is passed over; a file that cannot be read is the caller's matter.
 */
import { readFileSync } from 'node:fs'

/** One line of the password file. */
export interface User {
  readonly name: string
  readonly uid: number
  /** The main group; undefined where the line has none. */
  readonly gid: number | undefined
  /** The fifth field, as it stands there: full name, room, telephone numbers. */
  readonly gecos: string
  readonly home: string
}

function readLine(line: string): User | undefined {
  const [name = '', , uid = '', gid = '', gecos = '', home = ''] = line.split(':')
  if (name === '' || !/^\d+$/.test(uid)) return undefined
  return { name, uid: Number(uid), gid: /^\d+$/.test(gid) ? Number(gid) : undefined, gecos, home }
}

/**
 * Reads the password file. Of two lines with the same name the first counts.
 *
 * @param path another file of this format
 * @returns the users by their login names
 * @throws the error of the system call when the file cannot be read
 */
export function readUsers(path = '/etc/passwd'): ReadonlyMap<string, User> {
  const users = new Map<string, User>()
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const user = readLine(line)
    if (user !== undefined && !users.has(user.name)) users.set(user.name, user)
  }
  return users
}
