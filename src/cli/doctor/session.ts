/**
 * The steps that the one session with the server goes through: connection, greeting, TLS, extensions and login. The first
 * that failed is told with everything that is known nevertheless; those after it are skipped.
 */
import type { SmtpSettings } from '../../config/config.ts'
import type { Failure } from '../../transport/failure.ts'
import type { Inspection } from '../../transport/inspection.ts'
import { serverInfo, type TlsFacts } from '../../transport/server-info.ts'
import { faultOf } from './remedies.ts'
import type { Facts, Fault, Finding, Patient } from './step.ts'

type SessionStep = 'connection' | 'greeting' | 'tls' | 'extensions' | 'login'

const STARTTLS_ORDER: readonly SessionStep[] = ['connection', 'greeting', 'tls', 'extensions', 'login']
const IMPLICIT_ORDER: readonly SessionStep[] = ['connection', 'tls', 'greeting', 'extensions', 'login']

const DAY = 86_400_000
/** A certificate with fewer days left should have been renewed. */
const FEW_DAYS = 14

const STEP_OF: Readonly<Partial<Record<Failure['phase'], SessionStep>>> = {
  banner: 'greeting',
  ehlo: 'extensions',
  tls: 'tls',
  auth: 'login',
}

/** The step at which a session ended; undefined when it did not. A lost connection is no failed connection. */
function failedStep({ failure, connected, info }: Inspection): SessionStep | undefined {
  if (failure === undefined) return undefined
  const step = STEP_OF[failure.phase]
  if (step !== undefined) return step
  // The files of TLS are read before connecting, the secret once the server wants it.
  if (failure.phase === 'setup') return connected === undefined ? 'tls' : 'login'
  if (connected === undefined) return 'connection'
  return info === undefined ? 'greeting' : 'login'
}

/** A server was reached over this account. */
interface Session {
  readonly smtp: SmtpSettings
  readonly seen: Inspection
  readonly patient: Patient
}

/** What a step found when the session came so far, and what to make of a failure. */
interface SessionLook {
  readonly ok: (session: Session) => Finding
  readonly failed: (failure: Failure, session: Session) => Fault | Promise<Fault>
}

/** A step of the session as a step of the examination. */
function sessionStep(step: SessionStep, look: SessionLook): (patient: Patient) => Promise<Finding> {
  return async (patient) => {
    const { smtp } = patient.config
    if (smtp === undefined) return { state: 'skipped', why: 'no server is used' }
    const seen = await patient.inspect()
    const failed = failedStep(seen)
    const session = { smtp, seen, patient }
    if (failed === undefined || seen.failure === undefined) return look.ok(session)
    if (failed === step) return look.failed(seen.failure, session)
    const implicit = seen.connected?.implicitTls ?? smtp.implicitTls
    const order = implicit ? IMPLICIT_ORDER : STARTTLS_ORDER
    const beforeTls = step === 'tls' && failed === 'extensions' && seen.info?.tls === undefined
    if (order.indexOf(step) > order.indexOf(failed) || beforeTls || seen.connected === undefined)
      return { state: 'skipped', why: `the session ended at the step ${failed}` }
    return look.ok(session)
  }
}

const places = (count: number): string => (count < 10 ? count.toFixed(1) : String(Math.round(count)))

/** Connects. */
export const lookAtConnection = sessionStep('connection', {
  ok: ({ seen: { connected } }) => ({
    state: 'ok',
    says: `${connected?.place ?? ''}, after ${places(connected?.took ?? 0)} ms`,
    facts: { place: connected?.place ?? '', milliseconds: Math.round(connected?.took ?? 0) },
  }),
  failed: (failure) => faultOf('connection', 'no connection to the server', failure),
})

/** A port that is silent may wait for TLS: then the remedy is known. */
async function wantsTlsFirst({ smtp, patient, seen }: Session): Promise<boolean> {
  if (seen.connected?.implicitTls !== false || smtp.srv !== undefined || smtp.tls === 'off') return false
  const info = await serverInfo({ ...smtp, implicitTls: true }, patient.log)
  return !('phase' in info)
}

/** The server greets. */
export const lookAtGreeting = sessionStep('greeting', {
  ok: ({ seen: { info } }) => ({
    state: 'ok',
    says: info?.greeting ?? '',
    facts: { greeting: info?.greeting ?? '' },
  }),
  failed: async (failure, session) => {
    const fault = faultOf('greeting', 'the server does not greet as an SMTP server', failure)
    if (failure.code !== undefined || !(await wantsTlsFirst(session))) return fault
    const { host, port } = session.smtp
    const why = `${host} port ${port} speaks TLS from the first byte`
    return { ...fault, why, remedy: 'write tls_implicit = yes', exit: 78 }
  },
})

const daysLeft = ({ validTo }: TlsFacts, now: number): number => Math.floor((Date.parse(validTo) - now) / DAY)

function tlsWords(tls: TlsFacts, now: number): Facts {
  return {
    protocol: tls.protocol,
    cipher: tls.cipher,
    subject: tls.subject,
    issuer: tls.issuer,
    valid_from: tls.validFrom,
    valid_to: tls.validTo,
    days_left: daysLeft(tls, now),
    fingerprint: tls.fingerprint,
    verified: tls.problem === undefined,
  }
}

function tlsWarnings({ tls: level }: SmtpSettings, tls: TlsFacts, now: number): string[] {
  const days = daysLeft(tls, now)
  return [
    ...(days < FEW_DAYS && level === 'verify'
      ? [`the certificate expires in ${days} days; its operator has to renew it`]
      : []),
    ...(tls.problem !== undefined && level !== 'verify' && level !== 'pin'
      ? [
          `the certificate is not valid (${tls.problem}), and tls = ${level} does not mind; write tls = verify`,
        ]
      : []),
  ]
}

function lookAtProtection({ smtp, seen, patient: { now } }: Session): Finding {
  const tls = seen.info?.tls
  if (tls !== undefined) {
    const says = `${tls.protocol}, ${tls.cipher}; certificate of ${tls.subject}, issued by ${tls.issuer}, ${daysLeft(tls, now)} days left, SHA-256 ${tls.fingerprint}`
    return { state: 'ok', says, facts: tlsWords(tls, now), warnings: tlsWarnings(smtp, tls, now) }
  }
  const warnings =
    smtp.tls === 'off' || smtp.socket !== undefined
      ? []
      : ['the server does not offer TLS, so mail goes to it in the clear; check smtp_port']
  return { state: 'ok', says: `none (tls = ${smtp.tls})`, facts: { protocol: 'none' }, warnings }
}

/** The connection is protected as the settings demand. */
export const lookAtTls = sessionStep('tls', {
  ok: lookAtProtection,
  failed: (failure, { seen, patient: { now } }) => {
    const fault = faultOf('tls', 'the connection is not protected as the configuration demands', failure)
    const facts = seen.info?.tls === undefined ? {} : { facts: tlsWords(seen.info.tls, now) }
    // What fails before there is a connection is a file or a name of our own.
    return { ...fault, ...facts, ...(seen.connected === undefined ? { exit: 78 as const } : {}) }
  },
})

/** The server names its extensions. */
export const lookAtExtensions = sessionStep('extensions', {
  ok: ({ seen: { info } }) => {
    const extensions = info?.extensions ?? []
    return { state: 'ok', says: extensions.join(', ') || 'none', facts: { extensions } }
  },
  failed: (failure, { smtp: { protocol } }) => {
    const command = protocol === 'lmtp' ? 'LHLO' : 'EHLO'
    return faultOf('extensions', `the server does not accept ${command}`, failure)
  },
})

/** The server takes the user. */
export const lookAtLogin = sessionStep('login', {
  ok: ({ smtp: { username = '' }, seen: { mechanism } }) =>
    mechanism === undefined
      ? { state: 'ok', says: 'none is configured', facts: { mechanism: 'none' } }
      : { state: 'ok', says: `${username} with ${mechanism}`, facts: { user: username, mechanism } },
  failed: (failure) => faultOf('login', 'the login does not work', failure),
})
