/**
 * Reads the configuration of a command: finds the file, reads it and what it includes, checks who else can
 * read the password, and builds the frozen {@link Config}. Whatever is wrong is a MailError that names file and
 * line; nothing is skipped in silence. The files are read synchronously: a command can do nothing without them.
 */
import { dirname } from 'node:path'
import { MailError } from '../errors/mail-error.ts'
import { describeError, errnoOf } from '../errors/errno.ts'
import { expandGlob, isGlob } from '../util/glob.ts'
import type { Config } from './config.ts'
import { configInvalid } from './config-error.ts'
import { addGiven, knownOption, readGiven, type GivenValue } from './given-values.ts'
import { parseIni, type IniEntry } from './ini-file.ts'
import { locateConfig, type ConfigSearch } from './locate.ts'
import { suggestion } from './nearest.ts'
import { findOption, OPTIONS, SECTIONS } from './options.ts'
import { undoPercentSigns } from './percent-signs.ts'
import { readConfigFile } from './read-file.ts'
import { resolveConfig } from './resolve.ts'
import type { Identity } from './sender-template.ts'

/** What a command knows before it has a configuration. */
export interface ConfigRequest extends ConfigSearch {
  /** For the placeholders in `from`. */
  readonly identity: Identity
  /** Takes a line for standard error; called when a file with a password is readable by others. */
  readonly warn: (line: string) => void
}

/** What is collected while files are read. */
interface Collection {
  readonly given: Map<string, GivenValue>
  readonly home: string
  /** Files with a secret that others can read, and their modes. */
  readonly exposed: { readonly file: string; readonly mode: number }[]
}

/**
 * Loads the configuration.
 *
 * @throws MailError CONFIG_MISSING when there is no file or an included one is missing, CONFIG_DENIED when one
 *   may not be read or, with `strict_permissions`, may be read by others, CONFIG_INVALID for its content
 */
export async function loadConfig(request: ConfigRequest): Promise<Config> {
  const file = locateConfig(request)
  const collection: Collection = { given: new Map(), home: request.home, exposed: [] }
  readInto(collection, file, false)
  const include = collection.given.get(OPTIONS.include.name)
  if (include !== undefined) await readIncluded(collection, include)
  reportExposed(collection, request.warn)
  return resolveConfig(collection.given, { source: file, identity: request.identity })
}

function readInto(collection: Collection, file: string, included: boolean): void {
  const { text, mode } = readConfigFile(file)
  const entries = parseIni(text, file, (key) => findOption(key)?.secret === true)
  const base = { folder: dirname(file), home: collection.home }
  let holdsSecret = false
  for (const entry of entries) {
    const where = `${file}:${entry.line}`
    refuseSection(entry, where)
    const option = knownOption(entry.key, where)
    if (included && option === OPTIONS.include) {
      throw configInvalid(where, 'an included file cannot include others; name them all in the main file')
    }
    addGiven(collection.given, option, { raw: undoPercentSigns(entry, option.name), where, base })
    holdsSecret ||= option.secret === true && entry.value !== ''
  }
  if (holdsSecret && (mode & 0o044) !== 0) collection.exposed.push({ file, mode })
}

function refuseSection({ section }: IniEntry, where: string): void {
  if (SECTIONS.includes(section)) return
  const hint = suggestion(section, SECTIONS) || '; the options belong in the section [mailqueue]'
  throw configInvalid(where, `unknown section "${section.slice(0, 80)}"${hint}`)
}

async function readIncluded(collection: Collection, include: GivenValue): Promise<void> {
  for (const pattern of readGiven(collection.given, OPTIONS.include) ?? []) {
    for (const file of await includedFiles(pattern, include)) readInto(collection, file, true)
  }
}

async function includedFiles(pattern: string, { where, base }: GivenValue): Promise<readonly string[]> {
  if (!isGlob(pattern)) return [pattern]
  try {
    return await expandGlob(pattern, base.folder)
  } catch (error) {
    const code = errnoOf(error) === 'EACCES' ? 'CONFIG_DENIED' : 'CONFIG_INVALID'
    const sentence = `${where}: include = ${pattern} cannot be searched: ${describeError(error)}`
    throw new MailError(code, `${sentence}; check the directory`, { cause: error })
  }
}

function reportExposed({ given, exposed }: Collection, warn: (line: string) => void): void {
  const strict = readGiven(given, OPTIONS.strict_permissions) ?? false
  for (const { file, mode } of exposed) {
    const octal = mode.toString(8).padStart(4, '0')
    const line = `${file}: holds a password and others can read it (mode ${octal}); do "chmod go-rwx ${file}"`
    if (strict) throw new MailError('CONFIG_DENIED', `${line}, or remove strict_permissions`)
    warn(line)
  }
}
