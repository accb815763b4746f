/** The settings of the commands in the rig: ways to the smarthost, and spool modes. */
import type { AccountName } from './faults.ts'
import { PHASE_LIMIT } from './faults.ts'

/** What each account needs beside the name and the port of the server. */
export const ACCOUNTS: Readonly<Record<AccountName, Readonly<Record<string, string>>>> = {
  plain: {},
  verify: { tls: 'verify' },
  login: { tls: 'off', smtp_username: 'ann', smtp_password: 'hunter22', insecure_auth: 'yes' },
}

export const SPOOLS = ['fallback', 'first', 'only'] as const
export type Spool = (typeof SPOOLS)[number]

const PHASES = ['connect', 'banner', 'command', 'data', 'block', 'dot']

/** The same limit for each phase of a session. */
export function phaseLimits(milliseconds: number): Record<string, string> {
  return Object.fromEntries(PHASES.map((phase) => [`timeout_${phase}`, `${milliseconds / 1000}s`]))
}

/** Settings with which a stalled server is soon given up, and which make messages need several transactions. */
export const IMPATIENT: Readonly<Record<string, string>> = {
  ...phaseLimits(PHASE_LIMIT),
  submit_timeout: `${(8 * PHASE_LIMIT) / 1000}s`,
  retry: '1s',
  connections: '2',
  max_recipients: '2',
}

/** Settings that give up a server only after longer than a machine with much else to do takes for anything. */
export const PATIENT: Readonly<Record<string, string>> = { ...phaseLimits(60_000), submit_timeout: '100s' }
