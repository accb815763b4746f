/**
 * What separates the parts of a multipart (RFC 2046 section 5.1.1): boundaries that occur in none of them. Fails only
 * when a text cannot be read.
 */
import { randomOctets } from '../../util/random.ts'
import { octetsOf, portions } from './body.ts'
import type { MessageContent } from '../content.ts'

/** True when a content has an ASCII text in it, however the content is cut into portions. */
export async function contains(content: MessageContent, text: string): Promise<boolean> {
  let end = Buffer.alloc(0)
  for await (const portion of portions(octetsOf(content))) {
    const bytes = Buffer.concat([end, portion])
    if (bytes.includes(text)) return true
    end = Buffer.from(bytes.subarray(Math.max(0, bytes.length - text.length + 1)))
  }
  return false
}

/**
 * Makes the beginning of all boundaries of one message.
 *
 * @param texts what may go into the message as it is, each looked through. What is encoded cannot have a boundary in
 *   it, because neither base64 nor quoted-printable has `=_`.
 * @param random where the rest comes from: at least 128 bits that nobody can guess
 * @returns up to 40 characters that occur in none of the texts
 */
export async function boundaryStem(
  texts: readonly MessageContent[],
  random: () => string = () => randomOctets(16).toString('hex'),
): Promise<string> {
  for (;;) {
    const stem = `=_${random()}`
    const found = await Promise.all(texts.map((text) => contains(text, stem)))
    if (!found.includes(true)) return stem
  }
}
