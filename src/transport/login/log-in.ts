/**
 * Logs in over an open connection. The next mechanism is tried when the server does not know one after all, never when it
 * has refused the password: that would only count as another guess. Each reply has a time limit of its own.
 */
import type { SmtpSettings } from '../../config/config.ts'
import { describeError } from '../../errors/errno.ts'
import { planLogin, type Candidate } from './auth-policy.ts'
import type { Capabilities } from '../capabilities.ts'
import type { Credentials } from '../secrets/credentials.ts'
import type { Failure } from '../failure.ts'
import type { Link } from '../link.ts'
import { converseBy, giveUp, type Converse, type LoginAttempt } from './conversation.ts'
import { withRemedy } from './remedies.ts'
import { oneLine } from '../reply.ts'
import { SaslError, type SaslIdentity } from '../sasl/sasl.ts'
import { SecretUnknown } from '../secrets/unknown.ts'
import type { Secrets } from '../secrets/secrets.ts'

/** What a login is made with. */
export interface LoginContext {
  readonly settings: SmtpSettings
  readonly credentials: Credentials
  readonly link: Link
  readonly capabilities: Capabilities
  /** Takes what is sent, so that it is never shown. */
  readonly sent: Secrets
  readonly signal: AbortSignal | undefined
}

/** Ends a login whose server fell silent. */
class Silence extends Error {}

/** A connection whose replies have a time limit, in milliseconds, and whose lines are secret. */
function guarded(converse: Converse, { settings, sent }: LoginContext): Converse {
  const { timeouts, host } = settings
  return (line) => {
    sent.add(line.replace(/^AUTH \S+ ?/, ''))
    return new Promise((resolve, reject) => {
      const late = new Silence(`${host} did not answer AUTH within ${timeouts.command} ms`)
      const timer = setTimeout(() => reject(late), timeouts.command)
      converse(line)
        .finally(() => clearTimeout(timer))
        .then(resolve, reject)
    })
  }
}

async function tryOne(
  { mechanism, binding }: Candidate,
  identity: SaslIdentity,
  converse: Converse,
  { settings, capabilities, link }: LoginContext,
): Promise<LoginAttempt> {
  const { name } = mechanism
  try {
    const client = mechanism.start({
      ...identity,
      host: settings.host,
      port: settings.port,
      binding,
      canBind: link.bindings.length > 0,
      bindingOffered: capabilities.auth.includes(`${name}-PLUS`),
    })
    return await converseBy(client, name, converse)
  } catch (error) {
    if (error instanceof SaslError) return giveUp(`${name}: ${error.message}`, error.unusable)
    throw error
  }
}

/** One mechanism; with an access token that the server does not take, once more with a new one. */
async function tryCandidate(
  candidate: Candidate,
  converse: Converse,
  context: LoginContext,
): Promise<LoginAttempt> {
  const { settings, credentials, signal } = context
  const user = settings.username ?? ''
  const needsSecret = candidate.mechanism.proof !== 'certificate'
  const secret = needsSecret ? await credentials.secret(signal) : ''
  const attempt = await tryOne(candidate, { user, secret }, converse, context)
  if (attempt === 'done' || !attempt.refused || attempt.next || !needsSecret) return attempt
  if (!(await credentials.refused(secret))) return attempt
  const fresh = await credentials.secret(signal)
  return fresh === secret ? attempt : tryOne(candidate, { user, secret: fresh }, converse, context)
}

async function tryAll(
  candidates: readonly Candidate[],
  converse: Converse,
  context: LoginContext,
): Promise<Failure | undefined> {
  const { host } = context.settings
  let last: Failure = { phase: 'auth', reason: `there is no way to log in at ${host}` }
  for (const candidate of candidates) {
    const attempt = await tryCandidate(candidate, converse, context)
    if (attempt === 'done') return undefined
    last = withRemedy(attempt.failure, { host, proof: candidate.mechanism.proof })
    if (!attempt.next) break
  }
  return last
}

/**
 * Logs in, where the settings want it.
 *
 * @param converse the connection, ready for a command
 * @returns why that failed; undefined when it did not
 */
export async function logIn(converse: Converse, context: LoginContext): Promise<Failure | undefined> {
  const { settings, link, capabilities } = context
  const plan = planLogin(settings, link, capabilities)
  if (plan.kind === 'none') return undefined
  if (plan.kind === 'refused') return plan.failure
  try {
    return await tryAll(plan.candidates, guarded(converse, context), context)
  } catch (error) {
    const reason = oneLine(describeError(error))
    if (error instanceof Silence) return { phase: 'connect', reason }
    if (error instanceof SecretUnknown) return { phase: 'setup', reason }
    return { phase: 'local', reason: `cannot log in at ${settings.host}: ${reason}` }
  }
}
