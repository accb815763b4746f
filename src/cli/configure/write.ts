/**
 * Writes what was decided: directories, secrets, and the configuration last, so that it never names a file that is not there.
 * A signal does not stop it half way.
 */
import { existsSync, lchownSync, mkdirSync, rmdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Config } from '../../config/config.ts'
import { readConfigFile } from '../../config/read-file.ts'
import { describeError, errnoOf } from '../../errors/errno.ts'
import { MailError } from '../../errors/mail-error.ts'
import { syncDirectory } from '../../util/durable-file.ts'
import type { Terminal } from '../exit.ts'
import type { Caller } from '../identity.ts'
import type { ConfigureOptions } from './call.ts'
import type { Texts } from './file-text.ts'
import { nextSteps, written } from './next-steps.ts'
import { placeFiles, type PlacedFile } from './place-files.ts'
import type { Owner } from './owner.ts'
import type { Plan } from './settings.ts'
import { completed } from './unfinished.ts'

/** What is written. */
export interface Writing extends Plan {
  readonly config: Config
  readonly files: readonly PlacedFile[]
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const PRIVATE = 0o600

/** A section at the end of what is there. */
function withSection(text: string, section: string): string {
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}\n${section}`
}

/** The files, secrets first; the configuration is the last. */
export function filesOf({ login, places }: Plan, texts: Texts, options: ConfigureOptions): PlacedFile[] {
  const { file, isPublic, owner, passwordFile, secretsFile, mode, exists, unfinished } = places
  const replaces = options.force === true
  const secret = (path: string, text: string): PlacedFile => ({ path, text, mode: PRIVATE, replaces, owner })
  const was = options.account === undefined ? unfinished?.text : readConfigFile(file).text
  const main: PlacedFile = {
    path: file,
    text: unfinished
      ? completed(unfinished, texts.main)
      : was === undefined
        ? texts.main
        : withSection(was, texts.main),
    mode,
    replaces: exists,
    ...(was === undefined ? {} : { was }),
    owner: isPublic ? undefined : owner,
  }
  return [
    ...(login.kind === 'password' && isPublic ? [secret(passwordFile, `${login.password}\n`)] : []),
    ...(texts.secrets === undefined ? [] : [secret(secretsFile, texts.secrets)]),
    main,
  ]
}

/** Makes a directory that only its owner can use, unless it is there. @returns whether it was made */
async function makeDirectory(path: string, owner: Owner | undefined): Promise<boolean> {
  if (existsSync(path)) return false
  try {
    mkdirSync(path, { mode: 0o700 })
    if (owner !== undefined) lchownSync(path, owner.uid, owner.gid)
  } catch (error) {
    const code = errnoOf(error) === 'ENOENT' ? 'CONFIG_MISSING' : 'CONFIG_DENIED'
    const sentence = `cannot make the directory ${path}: ${describeError(error)}`
    throw new MailError(code, `${sentence}; make it, or name another with --set=queue_dir=DIR`)
  }
  await syncDirectory(dirname(path))
  return true
}

/** The directories that the configuration needs. */
function directoriesOf({ config }: Writing): string[] {
  const oauth2 = config.smtp?.auth.oauth2
  const token = oauth2?.kind === 'refresh' ? dirname(oauth2.refreshTokenFile) : undefined
  return [...new Set([config.queueDir, token])].filter((path) => path !== undefined)
}

async function withoutSignals<T>(work: () => Promise<T>): Promise<T> {
  const ignore = (): void => undefined
  for (const signal of SIGNALS) process.on(signal, ignore)
  try {
    return await work()
  } finally {
    for (const signal of SIGNALS) process.off(signal, ignore)
  }
}

/**
 * Writes everything and says what comes next.
 *
 * @throws MailError when something cannot be written; the files are then as they were
 */
export async function write(
  call: { readonly terminal: Terminal; readonly options: ConfigureOptions; readonly caller: Caller },
  writing: Writing,
): Promise<void> {
  const { terminal, options, caller } = call
  const { files } = writing
  await withoutSignals(async () => {
    const made: string[] = []
    let kept: readonly string[]
    try {
      for (const path of directoriesOf(writing))
        if (await makeDirectory(path, writing.places.owner)) made.push(path)
      kept = await placeFiles(files)
    } catch (error) {
      for (const path of made) rmdirSync(path)
      throw error
    }
    for (const path of made) terminal.print(`Made: ${path} (mode 0700)\n`)
    for (const { path, mode } of files) terminal.print(written(path, mode))
    for (const path of kept) terminal.print(`The old one is kept as ${path}\n`)
  })
  const { address, login, places } = writing
  const { file } = places
  const { account, owner } = options
  const oauth2 = login.kind === 'oauth2'
  terminal.print(
    `\n${nextSteps({ file, address, account, owner, oauth2, env: terminal.env, home: caller.home })}`,
  )
}
