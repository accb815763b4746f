/**
 * The content as this server can take it: bytes over 127 only where it offers 8BITMIME, no line that is longer
 * than SMTP carries. What would have to be changed under a signature is refused (bytes over 127) or sent as it is
 * (long lines: many servers take them, and breaking them would break the signature for sure).
 */
import { describeError } from '../errors/errno.ts'
import type { MessageContent } from '../message/content.ts'
import { factsOf, wireFacts, type WireFacts } from '../message/wire-facts.ts'
import type { Capabilities } from './capabilities.ts'
import type { Failure } from './failure.ts'
import { oneLine } from './reply.ts'

/** What is sent. */
export interface FittedContent {
  readonly content: MessageContent
  /** It may hold bytes over 127, which have to be announced. */
  readonly eightBit: boolean
}

const SIGNED: Failure = {
  phase: 'mail',
  enhanced: '5.6.3',
  reason:
    'the message has 8-bit text under a signature and the server takes only 7-bit text (no 8BITMIME); sign it as 7-bit text',
}

/** What was made of a message in one attempt, where it goes in many transactions. */
const known = new WeakMap<MessageContent, Map<boolean, Promise<FittedContent | Failure>>>()

/** The content of a message in memory of which nothing has to be changed for a server; undefined for any other. */
export function fitsAsItIs(
  content: MessageContent,
  { eightBitMime }: Capabilities,
): FittedContent | undefined {
  if (content.bytes === undefined) return undefined
  const facts = factsOf(content.bytes)
  return fits(facts, eightBitMime) ? { content, eightBit: facts.eightBit } : undefined
}

/**
 * Fits a message to a server.
 *
 * @param content stays open, because the result may read it
 * @returns the content, or why it can't be sent
 */
export async function fitContent(
  content: MessageContent,
  { eightBitMime }: Capabilities,
): Promise<FittedContent | Failure> {
  const fittings = known.get(content) ?? new Map<boolean, Promise<FittedContent | Failure>>()
  known.set(content, fittings)
  const before = fittings.get(eightBitMime)
  if (before !== undefined) return before
  const fitting = fit(content, eightBitMime)
  fittings.set(eightBitMime, fitting)
  const result = await fitting
  // A fault of this machine may be gone the next time.
  if ('phase' in result && result.phase === 'local') fittings.delete(eightBitMime)
  return result
}

function fits({ eightBit, longLine }: WireFacts, eightBitMime: boolean): boolean {
  return !longLine && (eightBitMime || !eightBit)
}

async function fit(content: MessageContent, eightBitMime: boolean): Promise<FittedContent | Failure> {
  try {
    const facts = await wireFacts(content)
    const { eightBit } = facts
    if (fits(facts, eightBitMime)) return { content, eightBit }
    const { toSevenBit } = await import('../message/mime/seven-bit.ts')
    const fitted = await toSevenBit(content, { keepEightBit: eightBitMime })
    return fitted === 'signed' ? SIGNED : { content: fitted, eightBit: eightBit && eightBitMime }
  } catch (error) {
    return { phase: 'local', reason: oneLine(describeError(error)) }
  }
}
