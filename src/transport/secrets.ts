/**
 * Takes secrets out of text that came from outside or goes to a log, in every form in which they go over the wire:
 * as they are, in base64, in the parameters of a URL. What is shorter than four characters can't be told from
 * ordinary text and is left alone.
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

function formsOf(secret: string): string[] {
  return [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), ...base64Forms(secret)]
}

/** An empty collection. */
export function newSecrets(): Secrets {
  const known = new Map<string, readonly string[]>()
  let forms: readonly string[] = []
  return {
    add(secret) {
      if (secret.length < SHORTEST) return
      const own = known.get(secret) ?? formsOf(secret)
      known.delete(secret)
      known.set(secret, own)
      for (const oldest of known.keys()) if (known.size > MOST) known.delete(oldest)
      const all = new Set([...known.values()].flat().filter(({ length }) => length >= SHORTEST))
      // the longest first: a secret may be a part of another
      forms = [...all].sort((a, b) => b.length - a.length)
    },
    clean: (text) => forms.reduce((cleaned, form) => cleaned.replaceAll(form, HIDDEN), text),
  }
}
