/**
 * Makes the fields of a log event safe to write: what is under a secret's name becomes `[redacted]` at any
 * depth, an error keeps only its message and code (a stack or a cause may quote a password), a text that somebody chose to be
 * endless is cut off, and nothing is so deep, circular or strange that writing it as JSON could fail.
 */
import { errnoOf } from '../errors/errno.ts'

const SECRET_NAME =
  /pass(word|wd|phrase|code)?$|secret|token|^auth(entication|orization)?$|authorization|cookie|credential|private_?key|api_?key/i
const REDACTED = '[redacted]'
const MAX_DEPTH = 6
/** Characters of one text: more than any address, path or reply has. */
const LONGEST_TEXT = 4096

/** Whether a field of this name must not be written. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name)
}

function safeError(error: Error, depth: number): unknown {
  const code = errnoOf(error)
  const nested: unknown = error instanceof AggregateError ? error.errors : undefined
  return {
    message: safeText(error.message),
    ...(code === undefined ? {} : { code }),
    ...(nested === undefined ? {} : { errors: safeValue(nested, depth + 1) }),
  }
}

function safeObject(value: object, depth: number): unknown {
  if (depth > MAX_DEPTH) return '[too deep]'
  if (value instanceof Error) return safeError(value, depth)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'invalid date' : value.toISOString()
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  if (Array.isArray(value)) return value.map((item: unknown) => safeValue(item, depth + 1))
  const entries = value instanceof Map ? [...value.entries()] : Object.entries(value)
  return Object.fromEntries(
    entries.map(([name, item]: [unknown, unknown]) => {
      const key = String(name)
      return [key, isSecretName(key) ? REDACTED : safeValue(item, depth + 1)]
    }),
  )
}

function safeText(text: string): string {
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}...` : text
}

function safeValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return safeText(value)
  if (typeof value === 'object' && value !== null) return safeObject(value, depth)
  if (typeof value === 'bigint' || typeof value === 'symbol') return String(value)
  return typeof value === 'function' ? undefined : value
}

/**
 * A copy of the fields that holds only plain JSON values and no secret.
 *
 * @param fields what the caller wants logged; not changed
 */
export function safeFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, item]) => [name, isSecretName(name) ? REDACTED : safeValue(item, 1)]),
  )
}
