/**
 * File names in the drop directory: `<unix seconds>.R<32 hexadecimal digits>,P=<priority>[,B=<not before>]`. The random
 * part keeps other users from guessing a name in a directory that they cannot list. A user may choose any name, so
 * nothing is believed but what {@link parseDropName} gives; whatever has another form is no message.
 */
import { createHash } from 'node:crypto'
import { randomOctets } from '../../util/random.ts'
import { DEFAULT_PRIORITY } from '../entry-name.ts'
import type { Handling } from '../store.ts'

const FORM = /^\d{9,11}\.R[0-9a-f]{32},P=(\d)(?:,B=(\d{1,11}))?$/

/** What a name says. */
export interface DropName {
  /** 0 (most urgent) to 9. */
  readonly priority: number
  /** Milliseconds since the epoch before which the message is not sent; undefined when there is no such time. */
  readonly notBefore: number | undefined
}

/**
 * A name that nobody can guess.
 *
 * @param now milliseconds since the epoch
 */
export function newDropName(
  now: number,
  { priority = DEFAULT_PRIORITY, notBefore }: Pick<Handling, 'priority' | 'notBefore'>,
): string {
  const start = notBefore === undefined ? '' : `,B=${Math.ceil(notBefore / 1000)}`
  return `${Math.floor(now / 1000)}.R${randomOctets(16).toString('hex')},P=${priority}${start}`
}

/** Reads a name; undefined for one that is no message's. */
export function parseDropName(name: string): DropName | undefined {
  const [whole, priority, start] = FORM.exec(name) ?? []
  if (whole === undefined) return undefined
  return { priority: Number(priority), notBefore: start === undefined ? undefined : Number(start) * 1000 }
}

/**
 * The queue id that a dropped message gets: the same whoever computes it and however often. The user is a part of it,
 * so nobody can choose the id of somebody else's message.
 *
 * @param part a message that goes over several accounts becomes several, counted from 0
 * @returns twelve hexadecimal digits in lower case
 */
export function dropId(uid: number, name: string, part = 0): string {
  const digest = createHash('sha256').update(`${uid} ${part} ${name}`).digest('hex')
  return digest.slice(0, 12)
}
