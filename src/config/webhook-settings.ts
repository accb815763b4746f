/**
 * The webhook in the configuration. Where its secret comes from is read here, never the secret of a file or a program:
 * who hands in mail needs none. What contradicts itself, or could do nothing, is refused.
 */
import type { WebhookSettings } from './config.ts'
import { configInvalid } from './config-error.ts'
import { readGiven, readOrDefault, type GivenValues } from './given-values.ts'
import { OPTIONS } from './options.ts'
import { WEBHOOK_OPTIONS } from './options/webhook-options.ts'
import type { Option } from './options/option.ts'

const placeOf = (given: GivenValues, { name }: Option<unknown>): string =>
  given.get(name)?.where ?? 'configuration'

const isGiven = (given: GivenValues, option: Option<unknown>): boolean =>
  readGiven(given, option) !== undefined || given.get(option.name)?.missing !== undefined

/** Places for the secret, of which there is one. */
const SECRET_SOURCES: readonly Option<unknown>[] = [
  OPTIONS.webhook_secret,
  OPTIONS.webhook_secret_command,
  OPTIONS.webhook_secret_file,
]

function refuseSecondSecret(given: GivenValues): void {
  const [source, other] = SECRET_SOURCES.filter((option) => isGiven(given, option))
  if (source === undefined || other === undefined) return
  const sentence = `${other.name} is set, and so is ${source.name} (${placeOf(given, source)})`
  throw configInvalid(placeOf(given, other), `${sentence}; there is one secret, so remove the other`)
}

function refuseLonely(given: GivenValues): void {
  const lonely = Object.values<Option<unknown>>(WEBHOOK_OPTIONS).find((option) => isGiven(given, option))
  if (lonely === undefined) return
  const sentence = `${lonely.name} is set but webhook is not; add it, or remove ${lonely.name}`
  throw configInvalid(placeOf(given, lonely), sentence)
}

/**
 * Reads the options of the webhook.
 *
 * @param site whether there is a queue to keep reports in, and whether a part of the configuration is closed
 * @returns undefined when none is configured
 * @throws MailError CONFIG_INVALID for a value or combination that is not valid
 */
export function webhookSettings(
  given: GivenValues,
  site: { readonly queueDir: string | undefined; readonly sealed: boolean },
): WebhookSettings | undefined {
  const url = readGiven(given, OPTIONS.webhook)
  refuseSecondSecret(given)
  if (url === undefined) {
    // The rest may be in a part that this user cannot read.
    if (!site.sealed) refuseLonely(given)
    return undefined
  }
  if (site.queueDir === undefined) {
    const remedy = 'add queue_dir, or remove webhook'
    throw configInvalid(placeOf(given, OPTIONS.webhook), `webhook keeps its reports in the queue; ${remedy}`)
  }
  const secretMissing = given.get(OPTIONS.webhook_secret.name)?.missing
  return Object.freeze({
    url,
    secret: secretMissing === undefined ? readGiven(given, OPTIONS.webhook_secret) : undefined,
    secretMissing,
    secretCommand: readGiven(given, OPTIONS.webhook_secret_command),
    secretFile: readGiven(given, OPTIONS.webhook_secret_file),
    tlsCa: readGiven(given, OPTIONS.webhook_tls_ca),
    events: readOrDefault(given, OPTIONS.webhook_events),
    batch: readOrDefault(given, OPTIONS.webhook_batch),
    expire: readOrDefault(given, OPTIONS.webhook_expire),
  })
}
