/**
 * The parts that a composed message consists of, and the fields that describe them. Fields are 7-bit, folded, and
 * have no line of more than 76 characters unless a single value is longer.
 */
import type { Octets } from './body.ts'

/** A part with content of its own. */
export interface Leaf {
  /** Its Content fields, folded, each without its last CRLF. */
  readonly fields: readonly string[]
  /** The encoding to apply; undefined when the octets go into the message as they are. */
  readonly encode: 'quoted-printable' | 'base64' | undefined
  /** The octets before encoding; asked for once. */
  readonly content: () => Octets
  /** Frees what holds the octets. */
  readonly close?: () => void
}

/** A part with other parts in it. */
export interface Branch {
  readonly fields: readonly string[]
  /** Occurs in none of its parts. */
  readonly boundary: string
  /** Each is made when its turn has come, so that only one at a time is held. */
  readonly parts: readonly (() => Promise<Part>)[]
}

export type Part = Leaf | Branch

const FOLD_AT = 76

/**
 * A field with parameters, folded between them.
 *
 * @param parameters each as `name=value`, quoted as needed; a piece that begins with a blank continues the one before
 * @returns the field without its last CRLF
 */
export function parameterField(name: string, value: string, parameters: readonly string[]): string {
  const lines: string[] = []
  let line = `${name}: ${value}`
  for (const parameter of parameters) {
    const continues = parameter.startsWith(' ')
    if (!continues) line += ';'
    const piece = continues ? parameter : ` ${parameter}`
    if (line.length + piece.length > FOLD_AT - 1) {
      lines.push(line)
      line = ''
    }
    line += piece
  }
  return [...lines, line].join('\r\n')
}
