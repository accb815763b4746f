/**
 * Where everything goes. Root sets up the machine: the configuration may be read by everybody and holds no secret, which has a
 * file of its own. Everybody else has a private file with everything in it.
 */
import { accessSync, constants, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { locateConfig } from '../../config/locate.ts'
import { describeError, errnoOf } from '../../errors/errno.ts'
import { MailError } from '../../errors/mail-error.ts'
import { namedPath } from '../named-path.ts'
import { DASH, type ConfigureOptions } from './call.ts'
import { isRoot, namedOwner, type Owner } from './owner.ts'
import { readUnfinished, type Unfinished } from './unfinished.ts'

/** The places. */
export interface Places {
  /** The configuration; links are followed. */
  readonly file: string
  /** It is printed, and nothing is written. */
  readonly printed: boolean
  /** The file is there, and is replaced or added to. */
  readonly exists: boolean
  /** The configuration that is there and has no server yet. */
  readonly unfinished: Unfinished | undefined
  readonly mode: number
  /** Others can read the file: no secret goes into it. */
  readonly isPublic: boolean
  /** For a secret that does not go into the file. */
  readonly passwordFile: string
  readonly secretsFile: string
  /** As they are written in the configuration. */
  readonly queueDir: string
  readonly tokenFile: string
  /** Who sends mail, where root sets it up for somebody else. */
  readonly owner: Owner | undefined
}

const READ_BY_OTHERS = 0o044

function usualFile(env: Readonly<Record<string, string | undefined>>, home: string): string {
  const named = env['MAILQUEUE_CONF'] ?? ''
  if (named !== '') return named
  if (isRoot()) return '/etc/mailqueue.conf'
  if (home === '') throw new MailError('USAGE', 'there is no home directory; name the file with --output')
  return join(home, '.mailqueue.conf')
}

function behindLinks(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

/** Nobody is asked anything for a file that cannot be written. */
function checkWritable(file: string): void {
  try {
    accessSync(dirname(file), constants.W_OK)
  } catch (error) {
    const isMissing = errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR'
    const sentence = `cannot write ${file}: ${describeError(error)}`
    throw new MailError(
      isMissing ? 'CONFIG_MISSING' : 'CONFIG_DENIED',
      `${sentence}; ${isMissing ? 'make its directory' : 'become root'}, or name another file with --output`,
    )
  }
}

function checkExisting(
  file: string,
  exists: boolean,
  isFinished: boolean,
  { account, force }: ConfigureOptions,
): void {
  if (account !== undefined && !exists)
    throw new MailError(
      'CONFIG_MISSING',
      `there is no ${file} that an account could be added to; leave --account out`,
    )
  if (exists && isFinished && account === undefined && force !== true) {
    const remedy = '--account=NAME adds an account to it, --force replaces it and keeps a copy'
    throw new MailError('USAGE', `${file} exists and is not overwritten; ${remedy}`)
  }
}

/**
 * Decides where everything goes.
 *
 * @throws MailError USAGE for a file that is there already, CONFIG_DENIED and CONFIG_MISSING for one that cannot be
 *   written
 */
export function choosePlaces(
  options: ConfigureOptions,
  env: Readonly<Record<string, string | undefined>>,
  home: string,
): Places {
  const { output, account } = options
  const printed = output === DASH
  const fallback = account === undefined ? usualFile(env, home) : undefined
  const named =
    output === undefined || printed ? (fallback ?? locateConfig({ env, home })) : namedPath(output, 'file')
  const file = behindLinks(resolve(named))
  const stats = statSync(file, { throwIfNoEntry: false })
  const isCompleted = !printed && account === undefined && options.force !== true && stats?.isFile() === true
  const unfinished = isCompleted ? readUnfinished(file) : undefined
  const owner = namedOwner(options) ?? unfinished?.owner
  if (!printed) {
    checkExisting(file, stats !== undefined, unfinished === undefined, options)
    if (stats?.isFile() === false) throw new MailError('USAGE', `${file} is no file; name another one`)
    checkWritable(file)
  }
  const isKept = account !== undefined || unfinished !== undefined
  const mode = isKept && stats !== undefined ? stats.mode & 0o777 : isRoot() ? 0o644 : 0o600
  const stem = join(dirname(file), basename(file, '.conf'))
  const part = account === undefined ? '' : `.${account}`
  return {
    file,
    printed,
    exists: !printed && stats !== undefined,
    unfinished,
    mode,
    isPublic: printed || (mode & READ_BY_OTHERS) !== 0,
    passwordFile: `${stem}${part}.password`,
    secretsFile: `${stem}${part}.secret.conf`,
    queueDir: isRoot() ? '/var/spool/mailqueue' : '~/.mailqueue',
    tokenFile: isRoot() ? `/var/lib/mailqueue/${account ?? 'default'}.token` : `~/.mailqueue${part}.token`,
    owner,
  }
}
