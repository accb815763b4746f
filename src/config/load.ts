/**
 * Reads the configuration of a command: finds the file, reads it and what it includes, checks who else can
 * read the password, and builds the frozen {@link Config}. Whatever is wrong is a MailError that names file and
 * line; nothing is skipped in silence. The files are read synchronously: a command can do nothing without them.
 */
import { accessSync, constants } from 'node:fs'
import { dirname } from 'node:path'
import { MailError } from '../errors/mail-error.ts'
import { describeError, errnoOf } from '../errors/errno.ts'
import type { Complain } from '../logging/complain.ts'
import { expandGlob, isGlob } from '../util/glob.ts'
import { DEFAULT_ACCOUNT } from './account-name.ts'
import { accountOfHeader, accountSection, addTo, noSections, type Sections } from './account-sections.ts'
import type { Config } from './config.ts'
import { configInvalid } from './config-error.ts'
import {
  exposedSecrets,
  exposedWebhookSecret,
  isExposed,
  reportExposed,
  type ExposedFile,
} from './exposed-files.ts'
import { knownOption, readGiven, type GivenValue } from './given-values.ts'
import { parseIni, type IniEntry } from './ini-file.ts'
import { locateConfig, type ConfigSearch } from './locate.ts'
import { suggestion } from './nearest.ts'
import { replaceGiven } from './message-server.ts'
import { AUTH_OPTIONS } from './options/auth-options.ts'
import { ABOUT_SERVER, findOption, OPTIONS, SECTIONS } from './options.ts'
import { undoPercentSigns } from './percent-signs.ts'
import { readConfigFile, type ConfigText } from './read-file.ts'
import { resolveConfig } from './resolve.ts'
import { serverHost } from './route-config.ts'
import type { Identity } from './sender-template.ts'
import { NEEDS_SERVER, smtpSettings } from './smtp-settings.ts'
import { expandVariables, type Environment } from './variables.ts'

/** What a command knows before it has a configuration. */
export interface ConfigRequest extends ConfigSearch {
  /** For the placeholders in `from`. */
  readonly identity: Identity
  /** Takes a line for standard error; called when a file with a password is readable by others. */
  readonly complain: Complain
  /** The account that is named; what the call says about a server is for this one, or else for `default`. */
  readonly account?: string | undefined
  /** Values that replace those of the files; the last of an option counts. */
  readonly overrides?: readonly ConfigOverride[]
  /** A server to send to instead of the configured one; unless a file is named too, none is looked for. */
  readonly host?: string | undefined
  /**
   * What happens when an included file is closed to this user: an error, or, for somebody who only hands in mail,
   * a configuration that queues it for whoever may read the file.
   */
  readonly sealed?: 'refuse' | 'queue'
  /** Files as they are about to be written, by their absolute paths: what is on the disk does not count. */
  readonly pending?: ReadonlyMap<string, ConfigText>
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
  readonly sections: Sections
  readonly home: string
  readonly env: Environment
  /** Files with a secret that others can read. */
  readonly exposed: ExposedFile[]
  readonly pending: ReadonlyMap<string, ConfigText>
}

const NOTHING_PENDING: ReadonlyMap<string, ConfigText> = new Map()

/**
 * Loads the configuration.
 *
 * @throws MailError CONFIG_MISSING when there is no file or an included one is missing, CONFIG_DENIED when one
 *   may not be read or, with `strict_permissions`, may be read by others, CONFIG_INVALID for its content
 */
export async function loadConfig(request: ConfigRequest): Promise<Config> {
  const { host, home, env, identity, overrides = [], pending = NOTHING_PENDING } = request
  const collection: Collection = { sections: noSections(), home, env, exposed: [], pending }
  const file = fileOf(request)
  const sealed = file !== undefined && (await readFiles(collection, file, request))
  const secretsClosed = file !== undefined && !sealed && secretIsClosed(collection.sections, request)
  const server = host === undefined ? [] : [{ key: 'smtp_hostname' as const, value: host, by: '--host' }]
  const chosen = request.account ?? DEFAULT_ACCOUNT
  const adjust = (given: Map<string, GivenValue>, account: string): void => {
    const meant = [...server, ...overrides].filter(({ key }) => account === chosen || !ABOUT_SERVER.has(key))
    for (const override of meant) replace(given, override, home)
    refuseIdlePort(given, meant)
    if (sealed || secretsClosed) onlyQueue(given, file)
  }
  const config = resolveConfig(collection.sections, { source: file, identity, adjust, sealed })
  const ofAccounts = config.accounts.flatMap(({ smtp }) => exposedSecrets(smtp))
  reportExposed([...collection.exposed, ...ofAccounts, ...exposedWebhookSecret(config.webhook)], {
    strict: readGiven(collection.sections.given, OPTIONS.strict_permissions) ?? false,
    complain: request.complain,
  })
  return config
}

/** The file of a call; undefined for one that names a server instead. */
function fileOf(request: ConfigRequest): string | undefined {
  const { file, host, pending = NOTHING_PENDING } = request
  if (file !== undefined && pending.has(file)) return file
  return host === undefined || file !== undefined ? locateConfig(request) : undefined
}

function replace(given: Map<string, GivenValue>, { key, value, by }: ConfigOverride, home: string): void {
  const base = { folder: process.cwd(), home }
  replaceGiven(given, key, { raw: value, where: `the option ${by}`, base })
}

/** A port that somebody asks for is used, or the call is refused. */
function refuseIdlePort(given: Map<string, GivenValue>, overrides: readonly ConfigOverride[]): void {
  const port = overrides.findLast(({ key }) => key === 'smtp_port')
  if (port === undefined || port.value === '') return
  const where = `the option ${port.by}`
  const remedy = `leave ${port.by} out, or name the server as well`
  if (readGiven(given, OPTIONS.srv) === true)
    throw configInvalid(where, `with srv = yes the DNS says the port; ${remedy}`)
  if (readGiven(given, OPTIONS.socket) !== undefined)
    throw configInvalid(where, `the server is behind a Unix socket, which has no port; ${remedy}`)
}

/** Reads everything. Resolves to true when an included file is closed to this user, who may only hand in mail. */
async function readFiles(collection: Collection, file: string, request: ConfigRequest): Promise<boolean> {
  readInto(collection, file)
  const { given } = collection.sections
  const include = given.get(OPTIONS.include.name)
  const closed = include === undefined ? undefined : await readIncluded(collection, include)
  if (closed !== undefined && (request.sealed !== 'queue' || !given.has(OPTIONS.queue_dir.name))) throw closed
  return closed !== undefined
}

/** Without the file that holds the password, the rest of the account means nothing: somebody else has to send. */
function onlyQueue(given: Map<string, GivenValue>, file: string): void {
  const base = { folder: dirname(file), home: '' }
  // The server stands where the rest of the account does.
  if (serverHost(given) === undefined) for (const { name } of NEEDS_SERVER) given.delete(name)
  // Without the login the port would be another one.
  const port = smtpSettings(given, [])?.port
  const { dkim_domain, dkim_selector, dkim_key } = OPTIONS
  for (const { name } of [...Object.values(AUTH_OPTIONS), dkim_domain, dkim_selector, dkim_key])
    given.delete(name)
  if (port !== undefined) given.set(OPTIONS.smtp_port.name, { raw: String(port), where: file, base })
  given.set(OPTIONS.spool.name, { raw: 'only', where: file, base })
}

/** Who only hands in mail has no use for a file that is closed; everybody else learns of it when it is needed. */
function secretIsClosed({ given, accounts }: Sections, { sealed }: ConfigRequest): boolean {
  if (sealed !== 'queue' || !given.has(OPTIONS.queue_dir.name)) return false
  const all = [given, ...[...accounts.values()].map((section) => section.given)]
  const options = [OPTIONS.password_file, OPTIONS.oauth2_refresh_token_file]
  const files = all.flatMap((values) => options.map((option) => readGiven(values, option)))
  return files.some((path) => path !== undefined && isClosed(path))
}

function isClosed(path: string): boolean {
  try {
    accessSync(path, constants.R_OK)
    return false
  } catch (error) {
    return errnoOf(error) === 'EACCES'
  }
}

/** @param by where the file is included; undefined for the main file */
function readInto(collection: Collection, file: string, by?: string): void {
  const { sections, home, env, exposed, pending } = collection
  const { text, mode } = pending.get(file) ?? readNamed(file, by)
  const seen = new Set<string>()
  const onSection = (section: string, line: number): void =>
    openSection(sections, section, `${file}:${line}`, seen)
  const entries = parseIni(text, file, (key) => findOption(key)?.secret === true, onSection)
  const base = { folder: dirname(file), home }
  let holdsSecret = false
  for (const entry of entries) {
    const where = `${file}:${entry.line}`
    const account = accountOfHeader(entry.section, where)
    if (account === undefined) refuseSection(entry, where)
    const option = knownOption(entry.key, where)
    if (by !== undefined && option === OPTIONS.include) {
      throw configInvalid(where, 'an included file cannot include others; name them all in the main file')
    }
    const section = account === undefined ? undefined : sections.accounts.get(account)
    const text = undoPercentSigns(entry, option.name)
    const value = { ...expandVariables(text, entry, option, env), where, base }
    // Only what is written empty takes something back; a variable that is empty may be a mistake.
    if (value.raw === '' && text !== '') readGiven(new Map([[option.name, value]]), option)
    addTo(section, sections, option, value)
    // A name of a variable is no secret.
    const isSecret =
      option.secret === true ? entry.value !== '' : option.secretPart?.test(entry.value) === true
    holdsSecret ||= isSecret && value.raw === text
  }
  if (holdsSecret && isExposed(mode)) exposed.push({ file, mode, holds: 'a password' })
}

/** Whoever cannot read an included file learns which line asks for it. */
function readNamed(file: string, by: string | undefined): ConfigText {
  try {
    return readConfigFile(file)
  } catch (error) {
    if (by === undefined || !(error instanceof MailError)) throw error
    const { code, message, details = {} } = error
    throw new MailError(code, `${by}: include: ${message}`, { cause: error, details })
  }
}

/** Notes a section of an account, also one without an option of its own. */
function openSection(sections: Sections, header: string, where: string, seen: Set<string>): void {
  const account = accountOfHeader(header, where)
  if (account === undefined) return
  if (seen.has(account)) {
    throw configInvalid(where, `the section [account ${account}] stands here a second time; join the two`)
  }
  seen.add(account)
  accountSection(sections, account, where)
}

function refuseSection({ section }: IniEntry, where: string): void {
  if (SECTIONS.includes(section)) return
  const hint = suggestion(section, SECTIONS) || '; the options belong in [mailqueue] or [account NAME]'
  throw configInvalid(where, `unknown section "${section.slice(0, 80)}"${hint}`)
}

/** Reads all included files. Resolves to the reason why one of them may not be read. */
async function readIncluded(collection: Collection, include: GivenValue): Promise<MailError | undefined> {
  let closed: MailError | undefined
  for (const pattern of readGiven(collection.sections.given, OPTIONS.include) ?? []) {
    for (const file of await includedFiles(pattern, include)) {
      try {
        readInto(collection, file, include.where)
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
