/**
 * Looks up the servers that a domain announces for submission (RFC 6186, RFC 8314 section 5.1): TLS from the first
 * byte before STARTTLS, then by priority, then by chance according to weight (RFC 2782).
 */
import { NODATA, NOTFOUND, type SrvRecord } from 'node:dns'
import { Resolver } from 'node:dns/promises'
import { domainToASCII } from 'node:url'
import type { SrvService } from '../config/config.ts'
import { errnoOf } from '../errors/errno.ts'
import type { Failure } from './failure.ts'
import { stoppedAt } from './interruption.ts'

/** How long one question waits for its answer, in milliseconds, and how often it is asked. */
const PATIENCE = { timeout: 3000, tries: 2 }

/** What is needed of a resolver. */
export type SrvResolver = Pick<Resolver, 'resolveSrv'>

/** A server that a domain announces. */
export interface AnnouncedServer {
  readonly service: SrvService
  readonly host: string
  readonly port: number
}

/**
 * Records in the order to try them.
 *
 * @param random a number from 0 up to, not including, 1
 */
export function inOrder(records: readonly SrvRecord[], random: () => number = Math.random): SrvRecord[] {
  const ordered: SrvRecord[] = []
  const priorities = [...new Set(records.map(({ priority }) => priority))].toSorted((a, b) => a - b)
  for (const wanted of priorities) {
    // those without weight first, so that they have a small chance at all
    const left = records.filter(({ priority }) => priority === wanted).toSorted((a, b) => a.weight - b.weight)
    while (left.length > 0) {
      let mark = Math.floor(random() * (left.reduce((sum, { weight }) => sum + weight, 0) + 1))
      const at = left.findIndex(({ weight }) => (mark -= weight) <= 0)
      ordered.push(...left.splice(Math.max(at, 0), 1))
    }
  }
  return ordered
}

/** Nothing announced is an answer; everything else that goes wrong is a failure. */
async function ask(resolver: SrvResolver, name: string): Promise<SrvRecord[] | string> {
  try {
    return await resolver.resolveSrv(name)
  } catch (error) {
    const code = errnoOf(error) ?? 'no answer'
    return code === NOTFOUND || code === NODATA ? [] : code
  }
}

/** A question that is given up after a while, or on demand. */
function within<T>(
  answer: Promise<T>,
  { timeout, signal }: { readonly timeout: number; readonly signal: AbortSignal | undefined },
): Promise<T | 'interrupted' | 'timeout'> {
  return new Promise((resolve) => {
    const settle = (value: T | 'interrupted' | 'timeout'): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', interrupt)
      resolve(value)
    }
    const interrupt = (): void => settle('interrupted')
    const timer = setTimeout(() => settle('timeout'), timeout)
    signal?.addEventListener('abort', interrupt)
    if (signal?.aborted === true) interrupt()
    void answer.then(settle)
  })
}

function nothingFound(domain: string, names: readonly string[], errors: readonly string[]): Failure {
  const asked = names.join(' and ')
  if (errors.length > 0) {
    const reason = `cannot look up the SRV records ${asked}: ${[...new Set(errors)].join(', ')}; check the resolver`
    return { phase: 'connect', reason }
  }
  const remedy = 'write the name of a server in smtp_hostname and remove srv'
  return {
    phase: 'connect',
    reason: `${domain} announces no server for submission (no SRV records ${asked}); ${remedy}`,
  }
}

/**
 * Looks the servers of a domain up.
 *
 * @param question the services in order of preference; `timeout` in milliseconds is for all of it
 * @returns at least one server, or why there is none
 */
export async function lookUpServices(
  question: { readonly domain: string; readonly services: readonly SrvService[]; readonly timeout: number },
  resolver: SrvResolver = new Resolver(PATIENCE),
  signal?: AbortSignal,
): Promise<readonly AnnouncedServer[] | Failure> {
  const { domain, services, timeout } = question
  const names = services.map((service) => `_${service}._tcp.${domainToASCII(domain) || domain}`)
  const answers = await within(Promise.all(names.map((name) => ask(resolver, name))), { timeout, signal })
  if (answers === 'interrupted')
    return stoppedAt('connect', signal, 'interrupted while looking up the server')
  if (answers === 'timeout') return nothingFound(domain, names, [`no answer within ${timeout} ms`])
  const found = services.flatMap((service, at) => {
    const records = answers[at] ?? []
    return typeof records === 'string'
      ? []
      : // a dot says that there is no such service
        inOrder(records.filter(({ name }) => name !== '' && name !== '.')).map(({ name, port }) => ({
          service,
          host: name.replace(/\.$/, ''),
          port,
        }))
  })
  if (found.length > 0) return found
  return nothingFound(
    domain,
    names,
    answers.filter((answer) => typeof answer === 'string'),
  )
}
