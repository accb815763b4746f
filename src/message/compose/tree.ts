/**
 * What a composed message consists of: one text, or text with alternatives and attachments (RFC 2046 section 5.1).
 * What the caller's own Content fields say is about the text, wherever it ends up; no part is ever cut short or
 * mistaken for another, because no boundary occurs in what it separates.
 */
import type { Attachment } from './attachment.ts'
import type { AttachmentOptions } from './attachment-part.ts'
import { boundaryStem, contains } from './boundary.ts'
import { planBody, type BodyPlan, type DeclaredBody } from './body.ts'
import { foldedField, ownFieldValue, type OwnFields } from './fields.ts'
import type { Branch, Leaf, Part } from './part.ts'
import { bufferContent, type MessageContent } from '../content.ts'
import { readEntity } from '../mime/entity.ts'

/** The contents of a message. */
export interface MailContents {
  /** The text as it came, any charset and line ends; it stays open. */
  readonly body: Buffer | MessageContent
  /** The type of the text, such as `text/html`; `text/plain` without it. */
  readonly bodyType?: string
  /** The same text in another type, for readers that prefer it; it stays open. */
  readonly alternative?: { readonly type: string; readonly body: Buffer | MessageContent }
  readonly attachments?: readonly Attachment[]
  /** The charset of text that is neither ASCII nor UTF-8; `iso-8859-1` without it. */
  readonly fallbackCharset?: string
  /** The encoding of text that needs one; found by looking at it without this. */
  readonly textEncoding?: 'base64' | 'quoted-printable' | undefined
}

/** Fields that are made here, whoever says what is in them. */
const TYPE_FIELDS = new Set(['content-type', 'content-transfer-encoding'])
const INLINE = 'Content-Disposition: inline'

/** True for a field, in lower case, that is about a content and not about the message. */
export const isContentField = (key: string): boolean => key.startsWith('content-')

function leaf({ contentType, transferEncoding, encode, content }: BodyPlan, more: readonly string[]): Leaf {
  const fields = [
    foldedField('Content-Type', contentType),
    foldedField('Content-Transfer-Encoding', transferEncoding),
    ...more,
  ]
  return { fields, encode, content }
}

function branch(
  subtype: 'mixed' | 'alternative',
  stem: string,
  parts: readonly (() => Promise<Part>)[],
  eightBit: boolean,
): Branch {
  const boundary = `${stem}.${subtype}`
  const fields = [
    foldedField('Content-Type', `multipart/${subtype}; boundary="${boundary}"`),
    `Content-Transfer-Encoding: ${eightBit ? '8bit' : '7bit'}`,
  ]
  return { fields, boundary, parts }
}

/** Fields of the caller's own about the text that are not made here. */
function ownContentFields(own: OwnFields): string[] {
  return [...own]
    .filter(([key]) => isContentField(key) && !TYPE_FIELDS.has(key))
    .flatMap(([, values]) => values.map((field) => foldedField(field.name, ownFieldValue(field))))
}

/** A multipart type that the text does not have the form of was meant for the message, which gets its own. */
async function isFalseMultipart(contentType: string, body: MessageContent): Promise<boolean> {
  if (!/^\s*multipart\//i.test(contentType)) return false
  const { boundary } = readEntity(
    [{ name: 'Content-Type', raw: `Content-Type: ${contentType}` }],
    'text/plain',
  )
  return boundary === undefined || !(await contains(body, `--${boundary}`))
}

function declaredBody(contents: MailContents, own: OwnFields): DeclaredBody {
  const contentType = own.get('content-type')?.[0]
  return {
    contentType: contentType === undefined ? undefined : ownFieldValue(contentType),
    transferEncoding: own.get('content-transfer-encoding')?.[0]?.value,
    bodyType: contents.bodyType,
    fallbackCharset: contents.fallbackCharset,
    textEncoding: contents.textEncoding,
  }
}

/** A text among other parts. */
interface Text {
  readonly plan: BodyPlan
  readonly part: Leaf
}

/** The text in its one or two types, the plainest first; nothing when there is no text. */
async function textParts(contents: MailContents, own: OwnFields, body: MessageContent): Promise<Text[]> {
  const { alternative, fallbackCharset, textEncoding } = contents
  const texts: Text[] = []
  const add = (plan: BodyPlan, more: readonly string[]): number =>
    texts.push({ plan, part: leaf(plan, more) })
  if (body.size > 0 || [...own.keys()].some(isContentField)) {
    const declared = declaredBody(contents, own)
    const isFalse = await isFalseMultipart(declared.contentType ?? '', body)
    const more = own.has('content-disposition') ? [] : [INLINE]
    add(await planBody(body, isFalse ? { ...declared, contentType: undefined } : declared), [
      ...more,
      ...ownContentFields(own),
    ])
  }
  if (alternative !== undefined)
    add(await planBody(alternative.body, { bodyType: alternative.type, fallbackCharset, textEncoding }), [
      INLINE,
    ])
  const isPlain = ({ plan }: Text): boolean => /^\s*text\/plain\b/i.test(plan.contentType)
  return texts.sort((one, other) => Number(isPlain(other)) - Number(isPlain(one)))
}

async function fileParts(attachments: readonly Attachment[], options: AttachmentOptions) {
  if (attachments.length === 0) return []
  const { attachmentPart } = await import('./attachment-part.ts')
  return attachments.map((each) => () => attachmentPart(each, options))
}

const asContent = (body: Buffer | MessageContent): MessageContent =>
  Buffer.isBuffer(body) ? bufferContent(body) : body

const ready = (part: Part) => () => Promise.resolve(part)

/**
 * Decides what a message consists of.
 *
 * @param contents what there is
 * @param own the caller's own fields; those about the content are in the tree
 * @param spillDirectory where a large attachment is copied to while it is encoded
 * @returns the outermost part
 */
export async function contentTree(
  contents: MailContents,
  own: OwnFields,
  spillDirectory: string,
): Promise<Part> {
  const { alternative, attachments = [] } = contents
  if (alternative === undefined && attachments.length === 0)
    return leaf(await planBody(contents.body, declaredBody(contents, own)), ownContentFields(own))
  const body = asContent(contents.body)
  const texts = await textParts(contents, own, body)
  const eightBit = texts.some(({ plan }) => plan.transferEncoding === '8bit')
  const stem = await boundaryStem([body, asContent(alternative?.body ?? Buffer.alloc(0))])
  const leaves = texts.map(({ part }) => ready(part))
  const text = leaves.length > 1 ? [ready(branch('alternative', stem, leaves, eightBit))] : leaves
  const [only] = text
  if (only !== undefined && attachments.length === 0) return only()
  const { fallbackCharset } = contents
  const files = await fileParts(attachments, { spillDirectory, fallbackCharset })
  return branch('mixed', stem, [...text, ...files], eightBit)
}
