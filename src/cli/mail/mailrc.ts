/**
 * The mailrc files of mail(1): aliases and variables for whoever sends. Nothing in them is ever run, and what is not
 * for sending mail is passed over in silence, because these files are shared with other mail programs. A file that is
 * not there says nothing; one that cannot be used is a problem that is told, and the others still count.
 */
import { readListFile } from '../../aliases/list-file.ts'
import { homePath } from './home-path.ts'
import { wordLines } from './mailrc-words.ts'

/** What the mailrc files say. */
export interface MailRc {
  /** The members of each alias, as they are written. Names are compared with regard to case, as mail programs do. */
  readonly aliases: ReadonlyMap<string, readonly string[]>
  /** What is set: a text, or true where there is none. Those that are unset are not in the map. */
  readonly variables: ReadonlyMap<string, string | true>
  /** One sentence for each thing that is wrong. */
  readonly problems: readonly string[]
}

/** Where the files are. */
export interface MailRcSource {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
  /** False leaves out the file for all users, as `-n` does. */
  readonly system: boolean
}

/** What holds before a file is read: a subject is asked for, a lone dot ends a mail, broken off mail is kept. */
export const BUILT_IN_VARIABLES = ['asksub', 'dot', 'save'] as const

/** The names that two programs have for one variable. */
const SAME_VARIABLE: ReadonlyMap<string, string> = new Map([['ask', 'asksub']])

/** Largest file that is read, in bytes. */
export const MAILRC_LIMIT = 256 * 1024

/** Where an `if` stands: lines are obeyed, the other branch would be, or neither is. */
type Branch = 'obeyed' | 'other' | 'neither'

interface Reading {
  readonly aliases: Map<string, string[]>
  readonly variables: Map<string, string | true>
  readonly problems: string[]
  /** The conditions around the present line, the innermost last. */
  readonly branches: Branch[]
}

type Run = (reading: Reading, words: readonly string[], place: string) => void

/** A member without the commas and blanks around it, from its first other character to its last. */
const bareMember = (member: string): string => /[^\s,](?:[^]*[^\s,])?/.exec(member)?.[0] ?? ''

function alias({ aliases }: Reading, [name, ...members]: readonly string[]): void {
  if (name === undefined || members.length === 0) return
  const all = aliases.get(name) ?? []
  for (const text of members.map(bareMember)) if (text !== '') all.push(text)
  aliases.set(name, all)
}

const variableName = (name: string): string => SAME_VARIABLE.get(name) ?? name

/**
 * Obeys one word of `set`, such as `record=sent`, `dot` or `nosave`.
 *
 * @returns false when it names no variable
 */
export function setVariable(variables: Map<string, string | true>, assignment: string): boolean {
  const [, name = '', value] = /^([^=]*)(?:=(.*))?$/s.exec(assignment) ?? []
  if (name === '') return false
  if (value === undefined && /^no./.test(name)) variables.delete(variableName(name.slice(2)))
  else variables.set(variableName(name), value ?? true)
  return true
}

function set({ variables, problems }: Reading, words: readonly string[], place: string): void {
  const wrong = words.filter((word) => !setVariable(variables, word))
  if (wrong.length > 0) problems.push(`${place}: "set" takes name=value with no blanks around the "="`)
}

function condition([word = '']: readonly string[]): Branch {
  if (/^s(?:end)?$/i.test(word)) return 'obeyed'
  return /^r(?:eceive)?$/i.test(word) ? 'other' : 'neither'
}

const SWITCHED: Readonly<Record<Branch, Branch>> = { obeyed: 'neither', other: 'obeyed', neither: 'neither' }

/** The commands that count, with the shortest abbreviation of each. */
const COMMANDS: readonly { readonly name: string; readonly least: number; readonly run: Run }[] = [
  { name: 'alias', least: 1, run: alias },
  { name: 'group', least: 1, run: alias },
  { name: 'unalias', least: 3, run: ({ aliases }, names) => names.forEach((name) => aliases.delete(name)) },
  { name: 'set', least: 2, run: set },
  {
    name: 'unset',
    least: 3,
    run: ({ variables }, names) => names.forEach((name) => variables.delete(variableName(name))),
  },
]

/** The commands that decide which others count. */
const CONDITIONS: Readonly<Record<string, Run>> = {
  if: ({ branches }, words) => void branches.push(condition(words)),
  else: ({ branches }) => {
    const innermost = branches.pop()
    if (innermost !== undefined) branches.push(SWITCHED[innermost])
  },
  // What it asks for is not known here, nor whether the branches behind it are for sending.
  elif: ({ branches }) => {
    if (branches.pop() !== undefined) branches.push('neither')
  },
  endif: ({ branches }) => void branches.pop(),
}

function obey(reading: Reading, [command = '', ...words]: readonly string[], place: string): void {
  const switching = Object.hasOwn(CONDITIONS, command) ? CONDITIONS[command] : undefined
  if (switching !== undefined) switching(reading, words, place)
  else if (reading.branches.every((branch) => branch === 'obeyed')) {
    const known = COMMANDS.find(({ name, least }) => command.length >= least && name.startsWith(command))
    known?.run(reading, words, place)
  }
}

/** Nobody follows the file of another user but root's: it says where mail goes and is copied to. */
function objection({ uid }: { readonly uid: number }): string | undefined {
  const trusted = [0, process.geteuid?.() ?? uid]
  return trusted.includes(uid) ? undefined : 'it belongs to another user'
}

function readInto(reading: Reading, path: string): void {
  // How people and programs say that there is none.
  if (path === '/dev/null') return
  const file = readListFile(path, MAILRC_LIMIT, { objection })
  if (file.ok) {
    reading.branches.length = 0
    for (const { line, words } of wordLines(file.text)) obey(reading, words, `${path}:${line}`)
  } else if (file.errno !== 'ENOENT' && file.errno !== 'ENOTDIR') {
    reading.problems.push(`${path} is not used: ${file.reason}`)
  }
}

/**
 * Reads the file for all users, then that of $MAILRC or else `~/.mailrc`.
 *
 * @param source where they are
 * @param systemFile the file for all users
 * @throws MailError `QUEUE_IO` when a file could not be read now and may be later: who an alias stands for is unknown
 */
export function readMailRc({ env, home, system }: MailRcSource, systemFile = '/etc/mail.rc'): MailRc {
  const variables = new Map<string, string | true>(BUILT_IN_VARIABLES.map((name) => [name, true]))
  const reading: Reading = { aliases: new Map(), variables, problems: [], branches: [] }
  const named = env['MAILRC'] ?? ''
  if (system) readInto(reading, systemFile)
  readInto(reading, homePath(named === '' ? '~/.mailrc' : named, { home }))
  return reading
}
