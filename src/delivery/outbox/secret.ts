/**
 * The secret that signs what the application is told, from the one place where it is: a program, a file, the credential
 * `webhook_secret` that systemd hands over (systemd.exec(5)), or the configuration itself. Looked for each time something is
 * sent, so that a new one counts at once.
 */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { WebhookSettings } from '../../config/config.ts'
import { firstLineOf } from '../../transport/secrets/file.ts'
import { secretOfProgram } from '../../transport/secrets/program.ts'
import { SecretUnknown } from '../../transport/secrets/unknown.ts'

const CREDENTIAL = 'webhook_secret'

function systemdCredential(): string | undefined {
  const directory = process.env['CREDENTIALS_DIRECTORY']
  if (directory === undefined || directory === '') return undefined
  const path = join(directory, CREDENTIAL)
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true ? path : undefined
}

/**
 * Finds the secret.
 *
 * @param signal ends the program that prints it
 * @throws SecretUnknown when there is none, with what to do; the secret is never in it
 */
export async function webhookSecret(
  { secret, secretMissing, secretCommand, secretFile }: WebhookSettings,
  signal?: AbortSignal,
): Promise<string> {
  if (secretCommand !== undefined) return secretOfProgram(secretCommand, 'webhook_secret_command', signal)
  if (secretFile !== undefined) return firstLineOf(secretFile, 'webhook_secret_file')
  const credential = systemdCredential()
  if (credential !== undefined) return firstLineOf(credential, 'the systemd credential')
  if (secretMissing !== undefined) throw new SecretUnknown(secretMissing)
  if (secret !== undefined) return secret
  throw new SecretUnknown('the webhook has no secret to sign with; set webhook_secret_file')
}
