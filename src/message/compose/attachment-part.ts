/**
 * An attachment as a part of a message: its type, its names, and an encoding that brings every octet through. Fails
 * as `readAttachment` does, before the message is accepted.
 */
import { readAttachment, type Attachment } from './attachment.ts'
import { octetsOf, portions } from './body.ts'
import { parameterField, type Leaf } from './part.ts'
import { checkedType, fallbackCharset, isComposite, isText, withCharset } from './content-type.ts'
import { bufferContent, type MessageContent } from '../content.ts'
import { attachmentName, namingParameters } from './file-name.ts'
import { mimeType } from './mime-type.ts'
import { TextSurvey, type TextFacts } from './text-survey.ts'

/** What is said of octets about which nothing is known. */
const OCTETS = 'application/octet-stream'

async function survey(content: MessageContent): Promise<TextFacts> {
  const facts = new TextSurvey()
  for await (const portion of portions(octetsOf(content))) facts.push(portion)
  return facts.end()
}

/** The type to be written, charset included. A type that was asked for is believed, a guess has to be true. */
async function typeOf(
  asked: string | undefined,
  name: string,
  content: MessageContent,
  fallback: string,
): Promise<string> {
  const type = asked === undefined ? mimeType(name) : checkedType(asked)
  // Their bodies must not be encoded, and without that they would not be what the file was.
  if (type !== undefined && isComposite(type)) return OCTETS
  if (type !== undefined && !isText(type)) return type
  const { charset, hasNul } = await survey(content)
  if (type !== undefined && asked !== undefined) return withCharset(type, charset ?? fallback)
  return charset === undefined || hasNul ? OCTETS : withCharset(type ?? 'text/plain', charset)
}

/** How attachments are made into parts. */
export interface AttachmentOptions {
  /** Where a large file is copied to. */
  readonly spillDirectory: string
  /** The charset of text of an unknown one whose type was asked for. */
  readonly fallbackCharset: string | undefined
}

/**
 * Makes the part.
 *
 * @param attachment its own content stays open; a file is read and freed with the part
 */
export async function attachmentPart(attachment: Attachment, options: AttachmentOptions): Promise<Leaf> {
  const { path, encoding = 'base64' } = attachment
  const name = attachmentName({ shown: attachment.name, path })
  const own = path === undefined ? undefined : await readAttachment(path, options.spillDirectory)
  const content = own ?? attachment.content ?? bufferContent(Buffer.alloc(0))
  const close = (): void => own?.close()
  try {
    const type = await typeOf(attachment.type, name, content, fallbackCharset(options.fallbackCharset))
    const naming = namingParameters(name)
    const named = /;\s*name\s*\*?[\d*]*\s*=/i.test(type)
    return {
      fields: [
        parameterField('Content-Type', type, named ? [] : naming.contentType),
        `Content-Transfer-Encoding: ${encoding}`,
        parameterField('Content-Disposition', 'attachment', naming.disposition),
      ],
      encode: encoding,
      content: () => octetsOf(content),
      close,
    }
  } catch (error) {
    close()
    throw error
  }
}
