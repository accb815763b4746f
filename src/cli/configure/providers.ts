/**
 * The mail providers that are known: nodemailer's list with our notes, and how one is found by name, by the domain of an
 * address, by the mail exchanger of a domain, or by its server.
 */
import { providerOf as oauth2ProviderOf } from '../../config/oauth2-providers.ts'
import { loadPresets, type Preset } from './presets.ts'
import { PROVIDER_NOTES, SES_HINT, type ProviderNote } from './provider-notes.ts'

/** A provider. */
export interface Provider {
  readonly name: string
  readonly description: string
  /** By which it may be named as well. */
  readonly aliases: readonly string[]
  /** Of the addresses that it gives out; in lower case. */
  readonly domains: readonly string[]
  /** Of its mail exchangers. */
  readonly mx: readonly string[]
  readonly host: string
  readonly port: number
  /** TLS from the first byte, otherwise STARTTLS. */
  readonly implicitTls: boolean
  /** The user name that everybody has there. */
  readonly user: string | undefined
  readonly login: 'password' | 'app password' | 'OAuth 2.0'
  /** Its addresses for OAuth 2.0 are known. */
  readonly oauth2: boolean
  readonly ownSenderOnly: boolean
  readonly hint: string | undefined
  readonly unusable: string | undefined
}

/** The port for submission (RFC 6409), where the list has none. */
const SUBMISSION_PORT = 587
const TLS_PORT = 465

function joined(name: string, preset: Preset, note: Partial<ProviderNote>): Provider {
  const host = note.host ?? preset.host ?? ''
  const port = Number(note.port ?? preset.port ?? SUBMISSION_PORT)
  return {
    name,
    description: note.description ?? preset.description ?? name,
    aliases: preset.aliases ?? [],
    domains: [...(preset.domains ?? []), ...(note.domains ?? [])],
    mx: note.mx ?? [],
    host,
    port,
    implicitTls: port === TLS_PORT || (note.port === undefined && preset.secure === true),
    user: note.user,
    login: note.onlyOAuth2 === true ? 'OAuth 2.0' : note.appPassword === true ? 'app password' : 'password',
    oauth2: oauth2ProviderOf(host) !== undefined,
    ownSenderOnly: note.ownSenderOnly === true,
    hint: note.hint ?? (/^email-smtp\..*\.amazonaws\.com$/.test(host) ? SES_HINT : undefined),
    unusable: note.unusable,
  }
}

/** All providers, by name. */
export async function loadProviders(): Promise<readonly Provider[]> {
  const presets = await loadPresets()
  const notes = new Map(PROVIDER_NOTES.map((note) => [note.name, note]))
  const names = new Set([...Object.keys(presets), ...notes.keys()])
  return [...names]
    .toSorted((a, b) => a.localeCompare(b, 'en', { sensitivity: 'base' }))
    .map((name) => joined(name, presets[name] ?? {}, notes.get(name) ?? {}))
}

const plain = (name: string): string => name.toLowerCase().replace(/[^\p{L}\p{N}.-]/gu, '')

/** The provider of a name or another of its names, in upper or lower case, with or without blanks. */
export function providerNamed(providers: readonly Provider[], name: string): Provider | undefined {
  const wanted = plain(name)
  const named = ({ name: own, aliases }: Provider): boolean => [own, ...aliases].map(plain).includes(wanted)
  return providers.find(({ name: own }) => plain(own) === wanted) ?? providers.find(named)
}

/** The provider that gives out addresses in a domain. */
export function providerOfDomain(providers: readonly Provider[], domain: string): Provider | undefined {
  return providers.find(({ domains }) => domains.includes(domain.toLowerCase()))
}

/** True for a domain and what is below it. */
export function isWithin(host: string, domain: string): boolean {
  return `.${host}`.toLowerCase().endsWith(`.${domain}`.toLowerCase())
}

/** The provider whose mail exchanger a host is; the longest domain that fits counts. */
export function providerOfExchanger(providers: readonly Provider[], host: string): Provider | undefined {
  const bare = host.replace(/\.$/, '')
  const fitting = providers.flatMap((provider) =>
    provider.mx.filter((domain) => isWithin(bare, domain)).map((domain) => ({ provider, domain })),
  )
  return fitting.toSorted((a, b) => b.domain.length - a.domain.length)[0]?.provider
}

/** The provider whose server a host is. */
export function providerOfServer(providers: readonly Provider[], host: string): Provider | undefined {
  return providers.find((provider) => provider.host.toLowerCase() === host.toLowerCase())
}
