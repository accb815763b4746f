/**
 * Reads the configuration of a command: finds the file, reads it and what it includes, checks who else can
 * read the password, and builds the frozen {@link Config}. Whatever is wrong is a MailError that names file and
 * line; nothing is skipped in silence. The files are read synchronously: a command can do nothing without them.
 */
import { accessSync, constants } from 'node:fs'
import { dirname } from 'node:path'
import { MailError } from '../errors/mail-error.ts'
import { describeError, errnoOf } from '../errors/errno.ts'
import { expandGlob, isGlob } from '../util/glob.ts'
import { putAwaySecrets } from './auth-config.ts'
import type { Config } from './config.ts'
import { configInvalid } from './config-error.ts'
import { exposedSecrets, isExposed, reportExposed, type ExposedFile } from './exposed-files.ts'
import { addGiven, knownOption, readGiven, type GivenValue } from './given-values.ts'
import { parseIni, type IniEntry } from './ini-file.ts'
import { locateConfig, type ConfigSearch } from './locate.ts'
import { suggestion } from './nearest.ts'
import { AUTH_OPTIONS } from './options/auth-options.ts'
import { findOption, OPTIONS, SECTIONS } from './options.ts'
import { undoPercentSigns } from './percent-signs.ts'
import { readConfigFile } from './read-file.ts'
import { resolveConfig } from './resolve.ts'
import type { Identity } from './sender-template.ts'
import { expandVariables, type Environment } from './variables.ts'

/** What a command knows before it has a configuration. */
export interface ConfigRequest extends ConfigSearch {
  /** For the placeholders in `from`. */
  readonly identity: Identity
  /** Takes a line for standard error; called when a file with a password is readable by others. */
  readonly warn: (line: string) => void
  /** Values that replace those of the files; the last of an option counts. */
  readonly overrides?: readonly ConfigOverride[]
  /** A server to send to instead of any configuration: no file is looked for. */
  readonly host?: string | undefined
  /**
   * What happens when an included file is closed to this user: an error, or, for somebody who only hands in mail,
   * a configuration that queues it for whoever may read the file.
   */
  readonly sealed?: 'refuse' | 'queue'
}

/** One value that is given by an option of a command. */
export interface ConfigOverride {
  readonly key: keyof typeof OPTIONS
  /** As in a file; empty takes away what a file says. */
  readonly value: string
  /** The option, as `--port`. */
  readonly by: string
}

/** What is collected while files are read. */
interface Collection {
  readonly given: Map<string, GivenValue>
  readonly home: string
  readonly env: Environment
  /** Files with a secret that others can read. */
  readonly exposed: ExposedFile[]
}

/**
 * Loads the configuration.
 *
 * @throws MailError CONFIG_MISSING when there is no file or an included one is missing, CONFIG_DENIED when one
 *   may not be read or, with `strict_permissions`, may be read by others, CONFIG_INVALID for its content
 */
export async function loadConfig(request: ConfigRequest): Promise<Config> {
  const { host, home, env, identity, overrides = [] } = request
  const collection: Collection = { given: new Map(), home, env, exposed: [] }
  const file = host === undefined ? locateConfig(request) : undefined
  if (file !== undefined) await readFiles(collection, file, request)
  const server = host === undefined ? [] : [{ key: 'smtp_hostname' as const, value: host, by: '--host' }]
  for (const override of [...server, ...overrides]) replace(collection, override)
  const config = resolveConfig(collection.given, { source: file, identity })
  reportExposed(exposedSecrets(config.smtp), practiceOf(collection, request))
  return config
}

function practiceOf({ given }: Collection, { warn }: ConfigRequest): Parameters<typeof reportExposed>[1] {
  return { strict: readGiven(given, OPTIONS.strict_permissions) ?? false, warn }
}

function replace({ given, home }: Collection, { key, value, by }: ConfigOverride): void {
  const base = { folder: process.cwd(), home }
  if (value !== '') putAwaySecrets(given, key)
  if (value === '') given.delete(key)
  else given.set(key, { raw: value, where: `the option ${by}`, base })
}

async function readFiles(collection: Collection, file: string, request: ConfigRequest): Promise<void> {
  readInto(collection, file, false)
  const include = collection.given.get(OPTIONS.include.name)
  const closed =
    (include === undefined ? undefined : await readIncluded(collection, include)) ??
    closedSecret(collection, request)
  if (closed !== undefined) {
    if (request.sealed !== 'queue' || !collection.given.has(OPTIONS.queue_dir.name)) throw closed
    onlyQueue(collection.given, file)
  }
  reportExposed(collection.exposed, practiceOf(collection, request))
}

/** Without the file that holds the password, the rest of the account means nothing: somebody else has to send. */
function onlyQueue(given: Map<string, GivenValue>, file: string): void {
  const { dkim_domain, dkim_selector, dkim_key } = OPTIONS
  for (const { name } of [...Object.values(AUTH_OPTIONS), dkim_domain, dkim_selector, dkim_key])
    given.delete(name)
  given.set(OPTIONS.spool.name, { raw: 'only', where: file, base: { folder: dirname(file), home: '' } })
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
    const text = undoPercentSigns(entry, option.name)
    const value = expandVariables(text, entry, option, collection.env)
    addGiven(collection.given, option, { ...value, where, base })
    // A name of a variable is no secret.
    const isSecret =
      option.secret === true ? entry.value !== '' : option.secretPart?.test(entry.value) === true
    holdsSecret ||= isSecret && value.raw === text
  }
  if (holdsSecret && isExposed(mode)) collection.exposed.push({ file, mode, holds: 'a password' })
}

/** The files that hold nothing but a secret, as far as any are named. */
function secretFiles({ given }: Collection): string[] {
  const options = [OPTIONS.password_file, OPTIONS.oauth2_refresh_token_file]
  return options.map((option) => readGiven(given, option)).filter((path) => path !== undefined)
}

/** Who only hands in mail has no use for a file that is closed; everybody else learns of it when it is needed. */
function closedSecret(collection: Collection, { sealed }: ConfigRequest): MailError | undefined {
  if (sealed !== 'queue') return undefined
  for (const path of secretFiles(collection)) {
    try {
      accessSync(path, constants.R_OK)
    } catch (error) {
      if (errnoOf(error) !== 'EACCES' || !collection.given.has(OPTIONS.queue_dir.name)) continue
      return new MailError('CONFIG_DENIED', `${path}: permission denied`, { cause: error })
    }
  }
  return undefined
}

function refuseSection({ section }: IniEntry, where: string): void {
  if (SECTIONS.includes(section)) return
  const hint = suggestion(section, SECTIONS) || '; the options belong in the section [mailqueue]'
  throw configInvalid(where, `unknown section "${section.slice(0, 80)}"${hint}`)
}

/** Reads all included files. Resolves to the reason why one of them may not be read. */
async function readIncluded(collection: Collection, include: GivenValue): Promise<MailError | undefined> {
  let closed: MailError | undefined
  for (const pattern of readGiven(collection.given, OPTIONS.include) ?? []) {
    for (const file of await includedFiles(pattern, include)) {
      try {
        readInto(collection, file, true)
      } catch (error) {
        if (!(error instanceof MailError) || error.code !== 'CONFIG_DENIED') throw error
        closed ??= error
      }
    }
  }
  return closed
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
