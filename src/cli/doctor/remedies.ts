/**
 * What a failure of a session means for whoever has to correct it: the remedy, and whether it may pass by itself (75), is
 * refused by the server (69) or is a fault of the configuration (78). A table; the first row that fits counts. Where the
 * words of the failure have a remedy of their own, that one is told instead.
 */
import { EX, type ExitCode } from '../../errors/sysexits.ts'
import { classify, type Failure } from '../../transport/failure.ts'
import { LOGIN_REMEDIES } from '../../transport/login/remedies.ts'
import type { Fault, StepName } from './step.ts'

/** One row. All conditions that are given must hold. */
interface RemedyRow {
  readonly steps: readonly StepName[]
  /** The reply code; the empty string stands for "no reply". */
  readonly code?: RegExp
  readonly text?: RegExp
  /** The code of OpenSSL or Node.js; the empty string stands for none. */
  readonly tls?: RegExp
  readonly phase?: Failure['phase']
  /** What the table of the transport blames. */
  readonly trouble?: 'quota' | 'login'
  readonly remedy: string
  readonly exit: ExitCode
}

const PASSES = 'nothing has to be done unless it lasts'
const LOG_IN = 'set smtp_username and a password, so that mail is sent with a login'
const { TEMPFAIL, UNAVAILABLE, CONFIG } = EX

/** The table. */
const REMEDIES: readonly RemedyRow[] = [
  {
    steps: ['connection'],
    text: /through the proxy .*(?:login|user name and password|407)/,
    remedy: 'check user name and password in proxy',
    exit: CONFIG,
  },
  {
    steps: ['connection'],
    text: /through the proxy /,
    remedy: 'check proxy, and whether the proxy runs and may connect to the server',
    exit: TEMPFAIL,
  },
  { steps: ['connection'], text: /EADDRNOTAVAIL/, remedy: 'check source_ip', exit: CONFIG },
  { steps: ['connection'], text: /EACCES/, remedy: 'check owner and mode of the socket', exit: CONFIG },
  {
    steps: ['connection'],
    text: /ECONNREFUSED/,
    remedy: 'nothing listens there: check smtp_hostname and smtp_port, and whether the server runs',
    exit: TEMPFAIL,
  },
  {
    steps: ['connection'],
    text: /no answer within|ETIMEDOUT/,
    remedy: 'a firewall may be in the way, and many networks block port 25: try smtp_port = 587 or 465',
    exit: TEMPFAIL,
  },
  { steps: ['connection'], remedy: 'check the network of this machine', exit: TEMPFAIL },
  { steps: ['greeting', 'extensions', 'tls'], code: /^4/, remedy: PASSES, exit: TEMPFAIL },
  {
    steps: ['greeting'],
    code: /^5/,
    remedy: 'the server wants no connections from here: ask its operator, or use another smarthost',
    exit: UNAVAILABLE,
  },
  {
    steps: ['greeting'],
    code: /^$/,
    text: /^cannot start a session|closed the connection|did not finish/,
    remedy:
      'check smtp_port; a port that wants TLS from the first byte, such as 465, needs tls_implicit = yes',
    exit: TEMPFAIL,
  },
  {
    steps: ['greeting'],
    remedy: 'this is no SMTP server: check smtp_hostname and smtp_port',
    exit: CONFIG,
  },
  {
    steps: ['extensions'],
    code: /^50[02]$/,
    remedy: 'check protocol (smtp or lmtp), smtp_hostname and smtp_port',
    exit: CONFIG,
  },
  {
    steps: ['extensions'],
    code: /^5/,
    remedy: 'set helo to a name that the server accepts, or ask its operator',
    exit: UNAVAILABLE,
  },
  {
    steps: ['tls'],
    phase: 'setup',
    remedy: 'correct the files in tls_ca, tls_cert and tls_key',
    exit: CONFIG,
  },
  { steps: ['tls'], code: /^5/, remedy: 'check smtp_hostname and smtp_port', exit: UNAVAILABLE },
  { steps: ['tls'], text: /from the first byte/, remedy: 'write tls_implicit = no', exit: CONFIG },
  { steps: ['tls'], tls: /^(?:ECONNRESET|ETIMEDOUT|ECONNECTION|ESOCKET)$/, remedy: PASSES, exit: TEMPFAIL },
  { steps: ['tls'], tls: /./, remedy: 'ask the operator of the server', exit: UNAVAILABLE },
  { steps: ['tls'], text: /fingerprint/, remedy: 'correct tls_fingerprint', exit: UNAVAILABLE },
  { steps: ['extensions', 'tls'], remedy: PASSES, exit: TEMPFAIL },
  { steps: ['login'], phase: 'setup', remedy: 'correct where the password comes from', exit: CONFIG },
  { steps: ['login'], code: /^4/, remedy: PASSES, exit: TEMPFAIL },
  { steps: ['login'], code: /^5/, remedy: 'check smtp_username and the password', exit: UNAVAILABLE },
  { steps: ['login'], phase: 'auth', remedy: 'check smtp_hostname, smtp_port and auth', exit: CONFIG },
  {
    steps: ['sender', 'recipient'],
    trouble: 'quota',
    remedy: 'wait: the limit passes by itself',
    exit: TEMPFAIL,
  },
  { steps: ['sender', 'recipient'], trouble: 'login', remedy: LOG_IN, exit: UNAVAILABLE },
  { steps: ['recipient'], code: /^5/, text: /relay/i, remedy: LOG_IN, exit: UNAVAILABLE },
  { steps: ['sender', 'recipient'], code: /^4/, remedy: PASSES, exit: TEMPFAIL },
  {
    steps: ['sender'],
    code: /^5/,
    remedy: 'send from an address that belongs to the account: set from, and force_from = yes',
    exit: UNAVAILABLE,
  },
  { steps: ['recipient'], code: /^5/, remedy: 'check the address', exit: UNAVAILABLE },
  { steps: ['sender', 'recipient'], phase: 'mail', remedy: 'use a plain ASCII address', exit: UNAVAILABLE },
  { steps: ['sender', 'recipient'], phase: 'rcpt', remedy: 'use a plain ASCII address', exit: UNAVAILABLE },
]

const ANYTHING_ELSE: RemedyRow = { steps: [], remedy: PASSES, exit: TEMPFAIL }

function fits(row: RemedyRow, step: StepName, failure: Failure): boolean {
  const { code, reason, tlsCode = '', phase } = failure
  return (
    row.steps.includes(step) &&
    (row.code?.test(code === undefined ? '' : String(code)) ?? true) &&
    (row.text?.test(reason) ?? true) &&
    (row.tls?.test(tlsCode) ?? true) &&
    (row.phase === undefined || row.phase === phase) &&
    (row.trouble === undefined || row.trouble === classify(failure).trouble)
  )
}

/** The words of a failure, taken apart where they end with a remedy: what a server says never is one. */
function takeApart({ reason, code }: Failure): readonly [why: string, remedy: string | undefined] {
  if (code === undefined) {
    const at = reason.indexOf('; ')
    return at === -1 ? [reason, undefined] : [reason.slice(0, at), reason.slice(at + 2)]
  }
  const own = LOGIN_REMEDIES.find(({ remedy }) => reason.endsWith(`; ${remedy}`))?.remedy
  return own === undefined ? [reason, undefined] : [reason.slice(0, -own.length - 2), own]
}

/**
 * What a failure means at a step.
 *
 * @param what does not work
 */
export function faultOf(step: StepName, what: string, failure: Failure): Fault {
  const row = REMEDIES.find((each) => fits(each, step, failure)) ?? ANYTHING_ELSE
  const [why, own] = takeApart(failure)
  return { state: 'failed', what, why, remedy: own ?? row.remedy, exit: row.exit }
}
