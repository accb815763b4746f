/**
 * Who calls, and on which host: looked up only when something asks for it.
 */
import { userInfo } from 'node:os'
import { MailError } from '../errors/mail-error.ts'
import { gecosName } from '../message/phrase.ts'
import { homeDirectory } from '../util/home.ts'
import { hostName } from '../util/host-name.ts'
import { readUsers } from '../util/passwd.ts'

/** The caller. Each member is looked up at its first use. */
export interface Caller {
  /** Login name. @throws MailError SYSTEM_LACKS when the user has no entry and no LOGNAME. */
  readonly user: string
  /** Full name from $NAME or the password file; empty when there is none. */
  readonly fullName: string
  readonly host: string
  /** An absolute path. */
  readonly home: string
}

type Environment = Readonly<Record<string, string | undefined>>

function loginName(env: Environment): string {
  try {
    return userInfo().username
  } catch {
    const name = env['LOGNAME'] ?? env['USER'] ?? ''
    if (name !== '') return name
    throw new MailError(
      'SYSTEM_LACKS',
      'this user has no entry in the password file, so there is no sender; name one with -f',
    )
  }
}

/** What the password file says of the caller besides the name. */
function gecos(login: string): string {
  try {
    return readUsers().get(login)?.gecos ?? ''
  } catch {
    return ''
  }
}

/** The user who runs this process. */
export function thisCaller(env: Environment): Caller {
  return {
    get user() {
      return loginName(env)
    },
    get fullName() {
      const user = loginName(env)
      return (env['NAME'] ?? '') || (gecosName(gecos(user), user) ?? '')
    },
    get host() {
      return hostName()
    },
    get home() {
      return homeDirectory(env)
    },
  }
}
