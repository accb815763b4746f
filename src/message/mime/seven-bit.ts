/**
 * Makes a message fit for a server that takes only what RFC 5321 promises to everybody: seven bits, lines of at
 * most 998 octets. Each body in it that does not fit gets another transfer encoding; all other bytes stay as they
 * are, header fields too. The same message always gives the same result, which is made while it is read, so that
 * neither memory nor disk is needed for a large one. A body that a signature covers is never changed.
 */
import { Readable } from 'node:stream'
import { bufferContent, type MessageContent } from '../content.ts'
import { headerWith } from './entity.ts'
import { MimeWalk, type MimeVisitor, type WalkedEntity } from './walk.ts'
import { surveyBodies, type BodyPlan, type FitOptions } from './seven-bit-survey.ts'

/** Writes the message again, each body as planned. */
class Rewriter implements MimeVisitor {
  readonly #plans: readonly BodyPlan[]
  readonly #keepEightBit: boolean
  #next = 0
  #encoder: ReturnType<NonNullable<BodyPlan['encoder']>> | undefined
  #out: string[] = []

  constructor(plans: readonly BodyPlan[], { keepEightBit }: FitOptions) {
    this.#plans = plans
    this.#keepEightBit = keepEightBit
  }

  /** What was written since the last call. */
  drain(): Buffer {
    const bytes = Buffer.from(this.#out.join(''), 'latin1')
    this.#out = []
    return bytes
  }

  entity(entity: WalkedEntity): void {
    const { kind, encoding, fields, ofMessage, blank } = entity
    const plan = kind === 'leaf' || kind === 'sealed' ? this.#plans[this.#next++] : undefined
    this.#encoder = plan?.encoder?.()
    const declared =
      !this.#keepEightBit && (encoding === '8bit' || encoding === 'binary') ? '7bit' : undefined
    const wanted = plan?.encoding ?? (kind === 'sealed' ? undefined : declared)
    if (wanted === undefined) this.#out.push(...fields.map(({ raw }) => raw), blank)
    else {
      const type = plan?.contentType === undefined ? undefined : { contentType: plan.contentType }
      this.#out.push(headerWith(entity, { encoding: wanted, ofMessage, ...type }), blank || '\r\n')
    }
  }

  body(text: string): void {
    this.#out.push(this.#encoder?.take(text) ?? text)
  }

  bodyEnd(last: boolean): void {
    this.#out.push(this.#encoder?.end(last) ?? '')
    this.#encoder = undefined
  }

  delimiter(line: string): void {
    this.#out.push(line)
  }

  outside(text: string): void {
    // nobody reads what stands between the parts: a byte that can't be sent is replaced
    this.#out.push(this.#keepEightBit ? text : text.replace(/[\x80-\xff]/g, '?'))
  }
}

async function* rewrite(
  content: MessageContent,
  plans: readonly BodyPlan[],
  options: FitOptions,
): AsyncGenerator<Buffer> {
  const rewriter = new Rewriter(plans, options)
  const walk = new MimeWalk(rewriter)
  const stream: AsyncIterable<Buffer> = content.stream()
  for await (const chunk of stream) {
    walk.push(chunk)
    const bytes = rewriter.drain()
    if (bytes.length > 0) yield bytes
  }
  walk.end()
  yield rewriter.drain()
}

/**
 * Fits a message.
 *
 * @param content the message; it stays open, and the result reads it
 * @returns the same content when nothing has to change; `signed` when a body that must not be changed has bytes
 *   over 127. It rejects when the content can't be read.
 */
export async function toSevenBit(
  content: MessageContent,
  options: FitOptions,
): Promise<MessageContent | 'signed'> {
  const survey = await surveyBodies(content, options)
  if (survey.stuck) return 'signed'
  if (!survey.changes) return content
  if (content.bytes !== undefined) {
    const parts: Buffer[] = []
    for await (const part of rewrite(content, survey.plans, options)) parts.push(part)
    return bufferContent(Buffer.concat(parts))
  }
  let size = 0
  for await (const part of rewrite(content, survey.plans, options)) size += part.length
  return {
    size,
    bytes: undefined,
    stream: () => Readable.from(rewrite(content, survey.plans, options), { objectMode: false }),
    close: () => undefined,
  }
}
