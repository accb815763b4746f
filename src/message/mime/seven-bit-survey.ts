/**
 * Decides for each body in a message whether it can go out as it is, and what becomes of it otherwise. The choice
 * rests on the bytes, and on the header only where the bytes do not tell.
 */
import type { MessageContent } from '../content.ts'
import { isIdentity } from './entity.ts'
import { MimeWalk, type MimeVisitor, type WalkedEntity } from './walk.ts'
import {
  Base64,
  Base64Repair,
  QuotedPrintable,
  QuotedPrintableRepair,
  type BodyEncoder,
} from './transfer-encoding.ts'
import { Utf8Check } from './utf8-check.ts'
import { LONGEST_LINE } from '../wire-facts.ts'

/** What is to be achieved. */
export interface FitOptions {
  /** Bytes over 127 may stay; only long lines have to go. */
  readonly keepEightBit: boolean
}

/** What becomes of one body; nothing where both are left out. */
export interface BodyPlan {
  readonly encoder?: () => BodyEncoder
  /** The new Content-Transfer-Encoding. */
  readonly encoding?: string
  /** The Content-Type of a body without one. */
  readonly contentType?: string
}

/** What there is to do. */
interface Survey {
  /** One for each body, in order. */
  readonly plans: readonly BodyPlan[]
  readonly changes: boolean
  /** A body that must not be changed has bytes over 127. */
  readonly stuck: boolean
}

const EIGHT_BIT = /[\x80-\xff]/

class Surveyor implements MimeVisitor {
  readonly plans: BodyPlan[] = []
  changes = false
  stuck = false
  readonly #keepEightBit: boolean
  #entity: WalkedEntity | undefined
  #eightBit = false
  #longLine = false
  #column = 0
  #utf8 = new Utf8Check()

  constructor({ keepEightBit }: FitOptions) {
    this.#keepEightBit = keepEightBit
  }

  entity(entity: WalkedEntity): void {
    this.#entity = entity
    this.#eightBit = false
    this.#longLine = false
    this.#column = 0
    this.#utf8 = new Utf8Check()
  }

  body(text: string): void {
    this.#column = text.endsWith('\n') ? 0 : this.#column + text.length
    this.#longLine ||= this.#column > LONGEST_LINE
    this.#eightBit ||= EIGHT_BIT.test(text)
    if (this.#eightBit && this.#entity?.typed === false) this.#utf8.push(Buffer.from(text, 'latin1'))
  }

  bodyEnd(): void {
    const mustChange = this.#eightBit && !this.#keepEightBit
    const plan = mustChange || this.#longLine ? this.#planFor(mustChange) : {}
    this.plans.push(plan)
    this.changes ||= plan.encoder !== undefined
  }

  delimiter(): void {
    this.#entity = undefined
  }

  outside(text: string): void {
    this.changes ||= !this.#keepEightBit && EIGHT_BIT.test(text)
  }

  #planFor(mustChange: boolean): BodyPlan {
    const entity = this.#entity
    if (entity === undefined || entity.kind === 'sealed') return this.#leave(mustChange)
    if (entity.encoding === 'quoted-printable') return { encoder: () => new QuotedPrintableRepair() }
    if (entity.encoding === 'base64') return { encoder: () => new Base64Repair() }
    if (!isIdentity(entity)) return this.#leave(mustChange)
    if (!/^(?:text|message|multipart)\//.test(entity.type)) {
      return { encoder: () => new Base64(), encoding: 'base64' }
    }
    const utf8 = this.#utf8.end() ? 'utf-8' : 'unknown-8bit'
    const contentType = `text/plain; charset=${this.#eightBit ? utf8 : 'us-ascii'}`
    return { encoder: () => new QuotedPrintable(), encoding: 'quoted-printable', contentType }
  }

  #leave(mustChange: boolean): BodyPlan {
    this.stuck ||= mustChange
    return {}
  }
}

/** Reads a message once. Rejects when it can't be read. */
export async function surveyBodies(content: MessageContent, options: FitOptions): Promise<Survey> {
  const surveyor = new Surveyor(options)
  const walk = new MimeWalk(surveyor)
  const stream: AsyncIterable<Buffer> = content.stream()
  for await (const chunk of stream) walk.push(chunk)
  walk.end()
  return surveyor
}
