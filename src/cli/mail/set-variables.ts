/**
 * Variables as `-S` and the command `set` give them, and which of them count here. Every variable is accepted, also
 * one that nobody knows: a script that was written for another program must not fail for it.
 */
import { setVariable } from './mailrc.ts'
import { splitWords } from './mailrc-words.ts'
import { oneLine } from './words.ts'

/** What is set: a text, or true where there is none. */
export type Variables = ReadonlyMap<string, string | true>

/** Variables that would choose another way to send: there is one smarthost, that of the configuration. */
const TRANSPORT = /^(?:mta|sendmail|smtp|smtp-.*|ssl-.*|tls-.*|nss-.*|user|password)(?:[@-].*)?$/

/**
 * The assignments in a command of a mailrc file, such as `set escape` or `unset save`. Other commands assign nothing.
 */
export function assignmentsOf(command: string): readonly string[] {
  const [verb, ...words] = splitWords(command)
  if (verb === 'set') return words
  return verb === 'unset' ? words.map((name) => `no${name}`) : []
}

/** The variables of the mailrc files with those of the command line over them. */
export function withAssignments(variables: Variables, assignments: readonly string[]): Variables {
  const all = new Map(variables)
  for (const each of assignments) setVariable(all, each)
  return all
}

/** The value of the first of some variables that has one, on one line. */
export function textOf(variables: Variables, ...names: readonly string[]): string | undefined {
  const texts = names.map((name) => variables.get(name))
  const found = texts.find((value) => typeof value === 'string' && value.trim() !== '')
  return typeof found === 'string' ? oneLine(found) : undefined
}

/** The names of those that would choose another way to send, which they do not. */
export function transportVariables(variables: Variables): readonly string[] {
  return [...variables.keys()].filter((name) => TRANSPORT.test(name))
}
