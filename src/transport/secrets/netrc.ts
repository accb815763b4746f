/**
 * `~/.netrc`, where other programs keep passwords too: the password for a user at a server. The file is not read when
 * others can read it.
 */
import { join } from 'node:path'
import { homeDirectory } from '../../util/home.ts'
import { describeError, errnoOf } from '../../errors/errno.ts'
import { readSecretFile } from './file.ts'
import { SecretUnknown } from './unknown.ts'

interface Entry {
  /** Undefined for `default`, which stands for every server. */
  readonly machine: string | undefined
  login?: string
  password?: string
}

/** Words, where one in double quotes may have blanks and escaped signs. Macros (`macdef`) end with an empty line. */
function wordsOf(text: string): string[] {
  const withoutMacros = text.replace(/^[ \t]*macdef\b[^]*?(?:\r?\n[ \t]*\r?\n|$(?![^]))/gm, '\n')
  const withoutComments = withoutMacros.replace(/^[ \t]*#.*$/gm, '')
  const words = withoutComments.matchAll(/"((?:[^"\\]|\\[^])*)"|(\S+)/g)
  return [...words].map(([, quoted, plain]) => quoted?.replace(/\\([^])/g, '$1') ?? plain ?? '')
}

/** The entries of a netrc file. Words that mean nothing here are passed over. */
function readEntries(text: string): Entry[] {
  const entries: Entry[] = []
  const words = wordsOf(text).values()
  for (const word of words) {
    const next = (): string => words.next().value ?? ''
    const entry = entries.at(-1)
    if (word === 'machine') entries.push({ machine: next().toLowerCase() })
    else if (word === 'default') entries.push({ machine: undefined })
    else if (word === 'login' && entry !== undefined) entry.login = next()
    else if (word === 'password' && entry !== undefined) entry.password = next()
    else if (word === 'account') next()
  }
  return entries
}

/** The password of a user at a server, by the text of a netrc file. The first entry that fits counts. */
function passwordInNetrc(text: string, host: string, user: string): string | undefined {
  const fitting = readEntries(text).filter(({ login }) => login === undefined || login === user)
  const machine = fitting.find((entry) => entry.machine === host.toLowerCase())
  return (machine ?? fitting.find((entry) => entry.machine === undefined))?.password
}

/**
 * The password of a user at a server, as `~/.netrc` has it.
 *
 * @returns undefined when there is no such file, or nothing in it that fits
 * @throws SecretUnknown when others can read the file, or we cannot
 */
export function passwordFromNetrc(host: string, user: string): string | undefined {
  const path = join(homeDirectory(process.env), '.netrc')
  try {
    const text = readSecretFile(path, 'netrc file', ({ mode }) => {
      if ((mode & 0o077) === 0) return
      throw new SecretUnknown(`${path} is not read, because others can read it; do "chmod go-rwx ${path}"`)
    })
    return passwordInNetrc(text, host, user)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    if (error instanceof SecretUnknown) throw error
    throw new SecretUnknown(`cannot read ${path}: ${describeError(error)}; check its owner`)
  }
}
