/**
 * The steps before there is a connection: a configuration, a server in it, and an address for its name.
 */
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { SmtpSettings } from '../../config/config.ts'
import { queueIn } from '../../delivery/configured.ts'
import { describeError } from '../../errors/errno.ts'
import type { MailError } from '../../errors/mail-error.ts'
import { EX } from '../../errors/sysexits.ts'
import { serverName } from '../../transport/server-name.ts'
import { targetsOf } from '../../transport/target.ts'
import { splitSentence } from './sentence.ts'
import type { Fault, Finding, Patient } from './step.ts'

/** The configuration was found and read. */
export function lookAtConfiguration({ config, warnings }: Patient): Finding {
  const file = config.source ?? ''
  const said = [...warnings, ...config.notes]
  return { state: 'ok', says: file, facts: { file }, warnings: said }
}

/** It was not. */
export function unusableConfiguration(error: MailError): Fault {
  const { why, remedy } = splitSentence(error.publicMessage, 'correct the configuration')
  const exit = error.temporary ? EX.TEMPFAIL : EX.CONFIG
  return { state: 'failed', what: 'the configuration cannot be used', why, remedy, exit }
}

/** How much of its own limits an account has used. */
async function limitsOf({ config, now }: Pick<Patient, 'config' | 'now'>): Promise<{
  readonly used: readonly string[]
  readonly warnings: readonly string[]
}> {
  const { account, smtp, queueDir } = config
  if (smtp?.limits === undefined || queueDir === undefined) return { used: [], warnings: [] }
  const { limitsUsed, limitWindows } = await import('../../delivery/account/rate-limit.ts')
  const found = await limitsUsed(await queueIn(queueDir), account, limitWindows(smtp.limits), now)
  if ('reason' in found) return { used: [], warnings: [found.reason] }
  const full = found.filter(({ roomAt }) => roomAt > now)
  return {
    used: found.map(({ window: { key, most }, used }) => `${key} ${used}/${most}`),
    warnings: full.map(({ window: { key, most, words }, roomAt }) => {
      const time = new Date(Math.ceil(roomAt / 1000) * 1000).toISOString().replace('.000', '')
      return `${key} is used up (${most} ${words}), so mail waits; there is room again at ${time}`
    }),
  }
}

/** A server is configured, and may be used. */
export async function lookAtSmarthost({ config, now }: Pick<Patient, 'config' | 'now'>): Promise<Finding> {
  const { smtp, deliver } = config
  if (deliver.to !== 'smtp') {
    const warnings = [`no mail leaves this machine (deliver = ${deliver.to}); remove deliver to send it`]
    return { state: 'ok', says: `deliver = ${deliver.to}`, facts: { deliver: deliver.to }, warnings }
  }
  if (smtp !== undefined) {
    const server = serverName(smtp)
    const { used, warnings } = await limitsOf({ config, now })
    const facts = { deliver: 'smtp', server, ...(used.length === 0 ? {} : { limits: used }) }
    return { state: 'ok', says: [server, ...used].join(', '), facts, warnings }
  }
  return {
    state: 'failed',
    what: 'there is no server to send to',
    why: 'smtp_hostname is not set',
    remedy: 'set smtp_hostname in the configuration',
    exit: EX.CONFIG,
  }
}

/** A promise that is given up after so many milliseconds. */
async function within<T>(limit: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${limit} ms`)), limit)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

async function lookUp(name: string, option: string, limit: number): Promise<Finding> {
  if (isIP(name) !== 0) return { state: 'ok', says: `${name} is an address`, facts: { addresses: [name] } }
  try {
    const found = await within(limit, lookup(name, { all: true }))
    const addresses = found.map(({ address }) => address)
    return { state: 'ok', says: `${name} is ${addresses.join(', ')}`, facts: { addresses } }
  } catch (error) {
    return {
      state: 'failed',
      what: `the name ${name} has no address`,
      why: describeError(error),
      remedy: `check ${option}, and whether this machine can look names up`,
      exit: EX.TEMPFAIL,
    }
  }
}

async function lookUpServers(smtp: SmtpSettings): Promise<Finding> {
  const targets = await targetsOf(smtp)
  if ('phase' in targets) {
    const { why, remedy } = splitSentence(targets.reason, 'check the resolver')
    return { state: 'failed', what: `${smtp.host} names no server`, why, remedy, exit: EX.TEMPFAIL }
  }
  const servers = targets.map(({ host, port }) => `${host}:${port}`)
  return { state: 'ok', says: `${smtp.host} names ${servers.join(', ')}`, facts: { servers } }
}

/** The name of the server, or of the proxy, has an address. */
export async function lookAtHost({ config: { smtp } }: Patient): Promise<Finding> {
  if (smtp === undefined) return { state: 'skipped', why: 'no server is used' }
  const { socket, proxy, srv, host, timeouts } = smtp
  if (socket !== undefined) return { state: 'ok', says: `the socket ${socket}`, facts: { socket } }
  if (srv !== undefined) return lookUpServers(smtp)
  // The proxy looks the name of the server up.
  if (proxy !== undefined) return lookUp(proxy.host, 'proxy', timeouts.connect)
  return lookUp(host, 'smtp_hostname', timeouts.connect)
}
