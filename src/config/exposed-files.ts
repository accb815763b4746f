/**
 * Files with a secret in them that others can read: a warning for each, or a refusal with `strict_permissions`. What
 * holds nothing but a secret is looked at, never read; what is missing or out of reach is found when it is needed.
 */
import { statSync } from 'node:fs'
import { MailError } from '../errors/mail-error.ts'
import type { Complain } from '../logging/complain.ts'
import type { SmtpSettings, WebhookSettings } from './config.ts'

/** Permission bits of the group and of everybody to read. */
const READ_BY_OTHERS = 0o044

/** A file that others can read. */
export interface ExposedFile {
  readonly file: string
  readonly mode: number
  /** What it holds, such as `a password`. */
  readonly holds: string
}

/** True when others can read a file of this mode. */
export const isExposed = (mode: number): boolean => (mode & READ_BY_OTHERS) !== 0

/** The files of an account that hold nothing but a secret. */
function secretFiles({
  tlsKey,
  auth,
}: Pick<SmtpSettings, 'tlsKey' | 'auth'>): (readonly [string | undefined, string])[] {
  const { passwordFile, oauth2 } = auth
  return [
    [tlsKey, 'a private key'],
    [passwordFile, 'a password'],
    [oauth2?.kind === 'refresh' ? oauth2.refreshTokenFile : undefined, 'a token'],
  ]
}

/** Those of the files of an account with nothing but a secret in them that others can read. */
export function exposedSecrets(smtp: SmtpSettings | undefined): ExposedFile[] {
  return smtp === undefined ? [] : exposed(secretFiles(smtp))
}

/** The same for the file of the webhook. */
export function exposedWebhookSecret(webhook: WebhookSettings | undefined): ExposedFile[] {
  return exposed([[webhook?.secretFile, 'a secret']])
}

function exposed(files: readonly (readonly [string | undefined, string])[]): ExposedFile[] {
  return files.flatMap(([file, holds]) => {
    if (file === undefined) return []
    try {
      const stats = statSync(file)
      const mode = stats.mode & 0o777
      return stats.isFile() && isExposed(mode) ? [{ file, mode, holds }] : []
    } catch {
      return []
    }
  })
}

/**
 * Says which files others can read.
 *
 * @param strict refuse instead of warning
 * @throws MailError CONFIG_DENIED
 */
export function reportExposed(
  files: readonly ExposedFile[],
  { strict, complain }: { readonly strict: boolean; readonly complain: Complain },
): void {
  for (const { file, mode, holds } of files) {
    const octal = mode.toString(8).padStart(4, '0')
    const line = `${file}: holds ${holds} and others can read it (mode ${octal}); do "chmod go-rwx ${file}"`
    if (strict) throw new MailError('CONFIG_DENIED', `${line}, or remove strict_permissions`)
    complain(line)
  }
}
