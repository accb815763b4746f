/**
 * Finds the server that takes the mail of a domain: by the list of providers, which nobody can forge, then by the SRV
 * records of the domain (RFC 6186, RFC 8314), then by its mail exchangers, which tell who hosts it. A lookup that fails is
 * never an error here: it only finds nothing, and says why.
 */
import type { MxRecord } from 'node:dns'
import { Resolver } from 'node:dns/promises'
import { describeError, errnoOf } from '../../errors/errno.ts'
import { lookUpServices, type SrvResolver } from '../../transport/srv.ts'
import {
  isWithin,
  providerOfDomain,
  providerOfExchanger,
  providerOfServer,
  type Provider,
} from './providers.ts'

/** A server to send to. */
export interface Server {
  readonly host: string
  /** Undefined for the usual one. */
  readonly port: number | undefined
  /** Undefined for what the port says. */
  readonly implicitTls: boolean | undefined
  readonly provider: Provider | undefined
}

/** A server that was found. */
export interface FoundServer extends Server {
  readonly port: number
  /** How it was found, for people. */
  readonly by: string
  /** False for one that only the DNS names, outside of the domain: a forged answer would get the password. */
  readonly trusted: boolean
}

/** What is asked of the DNS. */
export type ServerResolver = SrvResolver & Pick<Resolver, 'resolveMx'>

/** How long one question waits for its answer and all of them together, in milliseconds, and how often one is asked. */
const PATIENCE = { timeout: 3000, tries: 2 }
const ALL_PATIENCE = 10_000

/** The server of a provider. */
export function serverOf(provider: Provider): Server & { readonly port: number } {
  const { host, port, implicitTls } = provider
  return { host, port, implicitTls, provider }
}

async function announced(
  domain: string,
  providers: readonly Provider[],
  resolver: SrvResolver,
): Promise<FoundServer | string> {
  const services = ['submissions', 'submission'] as const
  const found = await lookUpServices({ domain, services, timeout: ALL_PATIENCE }, resolver)
  if ('phase' in found) return found.reason
  const [first] = found
  if (first === undefined) return `${domain} announces no server`
  const { host, port, service } = first
  const provider = providerOfServer(providers, host)
  return {
    host,
    port,
    implicitTls: service === 'submissions',
    provider,
    by: `announced by ${domain}`,
    trusted: provider !== undefined || isWithin(host, domain),
  }
}

async function exchangersOf(domain: string, resolver: ServerResolver): Promise<MxRecord[] | string> {
  try {
    const records = await resolver.resolveMx(domain)
    return records.toSorted((a, b) => a.priority - b.priority)
  } catch (error) {
    return errnoOf(error) ?? describeError(error)
  }
}

async function hosted(
  domain: string,
  providers: readonly Provider[],
  resolver: ServerResolver,
): Promise<FoundServer | string> {
  const records = await exchangersOf(domain, resolver)
  if (typeof records === 'string') return `its mail exchangers cannot be looked up (${records})`
  for (const { exchange } of records) {
    const provider = providerOfExchanger(providers, exchange)
    if (provider === undefined) continue
    const by = `${provider.description} receives the mail of ${domain}`
    // A forged answer can only choose among the servers of the list.
    return { ...serverOf(provider), by, trusted: true }
  }
  return 'its mail exchangers belong to no provider that is known'
}

/**
 * Finds the server of a domain.
 *
 * @param domain in ASCII
 * @param providers the list
 * @returns the server, or in one clause why there is none
 */
export async function findServer(
  domain: string,
  providers: readonly Provider[],
  resolver: ServerResolver = new Resolver(PATIENCE),
): Promise<FoundServer | string> {
  const known = providerOfDomain(providers, domain)
  if (known !== undefined) return { ...serverOf(known), by: known.description, trusted: true }
  const bySrv = await announced(domain, providers, resolver)
  if (typeof bySrv !== 'string') return bySrv
  const byMx = await hosted(domain, providers, resolver)
  return typeof byMx === 'string' ? `${bySrv.replace(/;.*/, '')}, and ${byMx}` : byMx
}
