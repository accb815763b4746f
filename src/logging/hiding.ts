/**
 * What the logs show of mail addresses, as `log_privacy` says: all of them, their domains, or a mark that is the same for
 * the same address and cannot be turned back without the key. One rule for all logs: a fact that is an address is hidden
 * as a whole; in every other text each address is, and each word in angle brackets; and in what servers and plug-ins say,
 * so is each word that was the local part of an address which this process has hidden before.
 */
import { createHmac } from 'node:crypto'
import type { LogPrivacy } from '../config/config.ts'
import { kindOf } from './facts.ts'
import type { LogFields } from './logger.ts'
import type { Privacy } from './privacy.ts'

/** Local parts that are remembered, and how short one is that is a word like any other. */
const MOST = 1000
const SHORT = 1
/** Digits of a mark. */
const DIGITS = 16

const DOMAIN = String.raw`(?:\[[^\]\s]*\]|[\p{L}\p{N}_](?:[\p{L}\p{N}_.-]*[\p{L}\p{N}_])?)`
const WORD = String.raw`[^\s<>()[\]",;:\\]+(?:(?<=@)\[[^\]\s]*\])?`
/** In this order: what is in angle brackets, an address whose local part is quoted, any other word. */
const PIECE = new RegExp(String.raw`<([^<>\s]+)>|("(?:[^"\\]|\\.){0,300}"@${DOMAIN})|${WORD}`, 'gu')
const AROUND = new Set("'`.!?{}|")

/** The part of a word without the signs around it. */
function coreOf(word: string): { readonly from: number; readonly to: number } {
  let from = 0
  let to = word.length
  while (from < to && AROUND.has(word.charAt(from))) from += 1
  while (to > from && AROUND.has(word.charAt(to - 1))) to -= 1
  return { from, to }
}

/** Its domain as it is compared, and what is before it. */
function partsOf(address: string): { readonly local: string; readonly domain: string | undefined } {
  const at = address.lastIndexOf('@')
  if (at === -1) return { local: address, domain: undefined }
  return { local: address.slice(0, at), domain: address.slice(at + 1).toLowerCase() }
}

function mark(address: string, key: Buffer | undefined): string {
  if (key === undefined) return 'addr-hidden'
  return `addr-${createHmac('sha256', key).update(address.toLowerCase()).digest('hex').slice(0, DIGITS)}`
}

function onlyDomain(address: string): string {
  const { domain } = partsOf(address)
  return domain === undefined ? '*' : `*@${domain}`
}

class HidingPrivacy implements Privacy {
  readonly #hide: (address: string) => string
  /** The hidden form by the local part, the latest last. */
  readonly #known = new Map<string, string>()

  constructor(hide: (address: string) => string) {
    this.#hide = hide
  }

  address(address: string): string {
    if (address === '') return ''
    const { local, domain } = partsOf(address)
    const hidden = this.#hide(address)
    this.#remember(local, domain === undefined ? hidden : this.#wordFor(hidden))
    return hidden
  }

  text(text: string, inWords = false): string {
    return text.replace(PIECE, (piece: string, inner: string | undefined, quoted: string | undefined) => {
      if (inner !== undefined) return `<${this.address(inner)}>`
      return quoted === undefined ? this.#word(piece, inWords) : this.address(quoted)
    })
  }

  #word(piece: string, inWords: boolean): string {
    const { from, to } = coreOf(piece)
    const core = piece.slice(from, to).replaceAll('%40', '@')
    const isAddress = core.includes('@')
    const hidden = isAddress ? this.address(core) : inWords ? this.#known.get(core.toLowerCase()) : undefined
    return hidden === undefined ? piece : `${piece.slice(0, from)}${hidden}${piece.slice(to)}`
  }

  facts(facts: LogFields): LogFields {
    const entries = Object.entries(facts)
    // Addresses first: what is said about them comes after.
    const addresses = entries.flatMap(([name, value]) => {
      const kind = kindOf(name)
      return kind === 'address' || kind === 'addresses' ? [[name, this.#addresses(value)] as const] : []
    })
    const hidden = new Map<string, unknown>(addresses)
    return Object.fromEntries(
      entries.map(([name, value]) => [
        name,
        hidden.has(name) ? hidden.get(name) : this.#value(value, kindOf(name) === 'words'),
      ]),
    )
  }

  #addresses(value: unknown): unknown {
    if (typeof value === 'string') return this.address(value)
    return Array.isArray(value) ? value.map((each: unknown) => this.#addresses(each)) : value
  }

  #value(value: unknown, inWords: boolean): unknown {
    if (typeof value === 'string') return this.text(value, inWords)
    if (Array.isArray(value)) return value.map((each: unknown) => this.#value(each, inWords))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, this.#value(each, true)]))
  }

  /** What stands for the local part alone. */
  #wordFor(hidden: string): string {
    return hidden.replace(/@.*/, '')
  }

  #remember(local: string, word: string): void {
    const name = local.toLowerCase()
    // Codes of replies are no names.
    if (name.length <= SHORT || /^\d{1,3}$/.test(name)) return
    this.#known.delete(name)
    this.#known.set(name, word)
    if (this.#known.size <= MOST) return
    const [oldest] = this.#known.keys()
    if (oldest !== undefined) this.#known.delete(oldest)
  }
}

/**
 * What hides addresses.
 *
 * @param key for `hash`: who has it can find out whether a mark is that of an address; without it all marks are the same
 */
export function createPrivacy(level: Exclude<LogPrivacy, 'full'>, key?: Buffer): Privacy {
  return new HidingPrivacy(level === 'domain' ? onlyDomain : (address) => mark(address, key))
}
