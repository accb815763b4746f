/**
 * A configuration that names no server yet, as a package installs it, is completed and not replaced: what was decided goes
 * into its section [mailqueue], and every other line stays as it is. The password is for the user to whom its queue
 * belongs.
 */
import { parseIni } from '../../config/ini-file.ts'
import { findOption } from '../../config/options.ts'
import { readConfigFile } from '../../config/read-file.ts'
import { ownerOfQueue, type Owner } from './owner.ts'

/** What is there already. */
export interface Unfinished {
  readonly text: string
  /** The options that it sets; they are not written again. */
  readonly set: ReadonlySet<string>
  /** To whom its queue belongs; undefined for root or where there is no queue. */
  readonly owner: Owner | undefined
}

const SECTION = 'mailqueue'
/** Whoever has set one of these has decided where mail goes, or has done so in another file. */
const DECIDING = ['smtp_hostname', 'socket', 'deliver', 'include']

/**
 * Reads a configuration that is there.
 *
 * @returns undefined when it is finished
 * @throws MailError CONFIG_INVALID, CONFIG_DENIED when it cannot be read
 */
export function readUnfinished(file: string): Unfinished | undefined {
  const { text } = readConfigFile(file)
  const sections: string[] = []
  const isSecret = (name: string): boolean => findOption(name)?.verbatim === true
  const entries = parseIni(text, file, isSecret, (section) => sections.push(section))
  const set = new Set(entries.map(({ key }) => key))
  if (sections.length !== 1 || sections[0] !== SECTION || DECIDING.some((name) => set.has(name)))
    return undefined
  return { text, set, owner: ownerOfQueue(entries.find(({ key }) => key === 'queue_dir')?.value) }
}

/**
 * Puts lines below the header of the section.
 *
 * @param made a whole file, of which the lines below its header are taken
 */
export function completed({ text }: Unfinished, made: string): string {
  const header = /^[ \t]*\[mailqueue\].*(?:\n|$)/m
  const lines = made.split(/^\[mailqueue\]\n/m)[1] ?? ''
  return text.replace(header, (found) => `${found.trimEnd()}\n\n# Made by mq-configure:\n${lines}`)
}
