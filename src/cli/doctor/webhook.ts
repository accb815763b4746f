/**
 * The step about the webhook: the secret can be told, and the application takes a signed request without events.
 */
import { webhookRoute } from '../../delivery/outbox/configured.ts'
import { postEvents } from '../../delivery/outbox/post.ts'
import { webhookSecret } from '../../delivery/outbox/secret.ts'
import { EX } from '../../errors/sysexits.ts'
import { SecretUnknown } from '../../transport/secrets/unknown.ts'
import { splitSentence } from './sentence.ts'
import type { Fault, Finding, Patient } from './step.ts'

function faultOf(what: string, sentence: string, usual: string, exit: Fault['exit']): Fault {
  return { state: 'failed', what, ...splitSentence(sentence, usual), exit }
}

/** The application takes what it is told. */
export async function lookAtWebhook({ config, now }: Patient): Promise<Finding> {
  const { webhook } = config
  if (webhook === undefined) return { state: 'skipped', why: 'no webhook is configured' }
  let secret: string
  try {
    secret = await webhookSecret(webhook)
  } catch (error) {
    if (!(error instanceof SecretUnknown)) throw error
    return faultOf('the webhook cannot be signed', error.message, 'set webhook_secret_file', EX.CONFIG)
  }
  const { host } = new URL(webhook.url)
  const posted = await postEvents([], { webhook, secret, route: webhookRoute(config), now })
  if (posted.ok) return { state: 'ok', says: `${host} answered`, facts: { host, events: webhook.events } }
  const remedy = 'see that the application runs, and takes the signature'
  return faultOf('the webhook does not take events', posted.reason, remedy, EX.TEMPFAIL)
}
