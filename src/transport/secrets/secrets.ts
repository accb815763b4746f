/**
 * Takes secrets out of text that came from outside or goes to a log, in every form in which they go over the wire:
 * as they are, in base64, in hexadecimal, in the parameters of a URL, in JSON. What is shorter than four characters can't
 * be told from ordinary text and is left alone.
 */

const SHORTEST = 4
const HIDDEN = '***'

/** The secrets that one account has used so far. */
export interface Secrets {
  /** Adds one: a password, a token, or a line that carries one. */
  add(secret: string): void
  /** The text, with each secret replaced by `***`. */
  clean(text: string): string
}

/** How many are kept: a process that runs for months uses many tokens. */
const MOST = 64

/**
 * Base64 in which a secret may be anywhere: at each of the three places it can have in a group, without the signs that
 * depend on what stands around it.
 */
function base64Forms(secret: string): string[] {
  const octets = Buffer.from(secret, 'utf8')
  return [0, 1, 2].map((offset) => {
    const whole = Buffer.concat([Buffer.alloc(offset), octets])
    const complete = Math.floor((whole.length * 8) / 6)
    return whole.toString('base64').slice(Math.ceil((offset * 8) / 6), complete)
  })
}

/** A form of a secret, and what finds it. */
interface Form {
  readonly text: string
  readonly pattern: RegExp
}

const BASE64_SIGN = '[A-Za-z0-9+/_-]'

function literally(text: string, flags = 'g'): Form {
  return { text, pattern: new RegExp(text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'), flags) }
}

/** With the signs on both sides, which hold a few bits of it. */
function inBase64(text: string): Form {
  const { source } = literally(text).pattern
  return { text, pattern: new RegExp(`${BASE64_SIGN}?${source}${BASE64_SIGN}?={0,2}`, 'g') }
}

function formsOf(secret: string): Form[] {
  const base64 = base64Forms(secret)
  const url = base64.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'))
  const json = JSON.stringify(secret).slice(1, -1)
  const ascii = json.replace(
    /[^\x20-\x7e]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return [
    ...[secret, json].map((text) => literally(text)),
    ...[
      ascii,
      encodeURIComponent(secret),
      new URLSearchParams([['', secret]]).toString().slice(1),
      Buffer.from(secret, 'utf8').toString('hex'),
    ].map((text) => literally(text, 'gi')),
    ...[...base64, ...url].map(inBase64),
  ]
}

/** An empty collection. */
export function newSecrets(): Secrets {
  const known = new Map<string, readonly Form[]>()
  let patterns: readonly RegExp[] = []
  return {
    add(secret) {
      if (secret.length < SHORTEST) return
      const own = known.get(secret) ?? formsOf(secret)
      known.delete(secret)
      known.set(secret, own)
      for (const oldest of known.keys()) if (known.size > MOST) known.delete(oldest)
      const all = [...known.values()].flat().filter(({ text }) => text.length >= SHORTEST)
      const different = new Map(all.map((form) => [String(form.pattern), form]))
      // the longest first: a secret may be a part of another
      const sorted = [...different.values()].sort((a, b) => b.text.length - a.text.length)
      patterns = sorted.map(({ pattern }) => pattern)
    },
    clean: (text) => patterns.reduce((cleaned, pattern) => cleaned.replace(pattern, HIDDEN), text),
  }
}
