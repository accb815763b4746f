/**
 * The two files of an OAuth 2.0 account, both mode 0600: the refresh token, which mq-auth writes and which is replaced
 * when the provider gives out another one, and beside it, with `.access` at the end of its name, the access token, so
 * that not every message costs a request. The second is worth nothing once it is lost.
 */
import { createHash } from 'node:crypto'
import { closeSync, readFileSync } from 'node:fs'
import { openForReading, removeQuietly } from '../../util/durable-file.ts'
import { replacePrivateFile, reservePrivateFile, type ReservedFile } from '../../util/private-file.ts'
import { firstLineOf } from '../secrets/file.ts'

/** An access token is not used in the last minute of its time, in milliseconds. */
const MARGIN = 60_000

/** More than any refresh token has, in octets. */
const LONGEST_TOKEN = 16 * 1024

/** An access token. */
export interface AccessToken {
  readonly token: string
  /** Milliseconds since the epoch. */
  readonly expires: number
}

const accessFile = (refreshTokenFile: string): string => `${refreshTokenFile}.access`

/** The lock that whoever gets a new token takes. */
export const lockFile = (refreshTokenFile: string): string => `${refreshTokenFile}.lock`

/** Tells for which refresh token an access token was given out, without telling that one. */
const markOf = (refreshToken: string): string => createHash('sha256').update(refreshToken).digest('hex')

/**
 * The refresh token.
 *
 * @throws SecretUnknown when there is none
 */
export function readRefreshToken(file: string): string {
  return firstLineOf(file, 'oauth2_refresh_token_file')
}

/**
 * Stores a refresh token, durably, and forgets the access token of the old one.
 *
 * @throws the system's error
 */
export async function writeRefreshToken(file: string, token: string): Promise<void> {
  await replacePrivateFile(file, `${token}\n`)
  removeQuietly(accessFile(file))
}

/**
 * Takes the room for another refresh token.
 *
 * @throws the system's error
 */
export async function reserveRefreshToken(file: string): Promise<ReservedFile> {
  const room = await reservePrivateFile(file, LONGEST_TOKEN)
  return {
    ...room,
    replace: async (text) => {
      await room.replace(text)
      removeQuietly(accessFile(file))
    },
  }
}

/** The access token that was kept, as long as it is worth something. */
export function readAccessToken(file: string, refreshToken: string, now: number): AccessToken | undefined {
  try {
    const fd = openForReading(accessFile(file))
    try {
      const kept = JSON.parse(readFileSync(fd, 'utf8')) as Record<string, unknown>
      const { token, expires, for: mark } = kept
      if (typeof token !== 'string' || typeof expires !== 'number' || mark !== markOf(refreshToken))
        return undefined
      return expires - MARGIN > now ? { token, expires } : undefined
    } finally {
      closeSync(fd)
    }
  } catch {
    return undefined
  }
}

/** Keeps an access token. Without a place to keep it, the next process asks for another one. */
export async function keepAccessToken(
  file: string,
  refreshToken: string,
  access: AccessToken,
): Promise<void> {
  const text = JSON.stringify({ ...access, for: markOf(refreshToken) })
  await replacePrivateFile(accessFile(file), `${text}\n`).catch(() => undefined)
}

/** Forgets an access token, unless another one was kept since. */
export function dropAccessToken(file: string, token: string): void {
  try {
    const kept = JSON.parse(readFileSync(accessFile(file), 'utf8')) as Record<string, unknown>
    if (kept['token'] !== token) return
  } catch {
    return
  }
  removeQuietly(accessFile(file))
}
