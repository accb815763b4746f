/**
 * An attachment as a part of a message: its type, its names, and an encoding that brings every octet through. Fails
 * as `readAttachment` does, before the message is accepted.
 */
import { MailError } from '../errors/mail-error.ts'
import { quoteForMessage } from './address.ts'
import { readAttachment, type Attachment } from './attachment.ts'
import { FALLBACK_CHARSET, isComposite, isText, octetsOf, portions, withCharset } from './compose-body.ts'
import { parameterField, type Leaf } from './compose-part.ts'
import { bufferContent, type MessageContent } from './content.ts'
import { attachmentName, namingParameters } from './file-name.ts'
import { mimeType } from './mime-type.ts'
import { TextSurvey, type TextFacts } from './text-survey.ts'

/** What is said of octets about which nothing is known. */
const OCTETS = 'application/octet-stream'

const TYPE = /^[!#$&^_.+A-Za-z0-9-]+\/[!#$&^_.+A-Za-z0-9-]+[ \t]*(?:;[ -~]*)?$/

async function survey(content: MessageContent): Promise<TextFacts> {
  const facts = new TextSurvey()
  for await (const portion of portions(octetsOf(content))) facts.push(portion)
  return facts.end()
}

function checkedType(type: string): string {
  if (type.length > 300 || !TYPE.test(type)) {
    throw new MailError(
      'MESSAGE_MALFORMED',
      `${quoteForMessage(type)} is no content type; write one such as text/plain or image/png`,
    )
  }
  return type.replace(/[;\s]+$/, '')
}

/** The type to be written, charset included. A type that was asked for is believed, a guess has to be true. */
async function typeOf(asked: string | undefined, name: string, content: MessageContent): Promise<string> {
  const type = asked === undefined ? mimeType(name) : checkedType(asked)
  // Their bodies must not be encoded, and without that they would not be what the file was.
  if (type !== undefined && isComposite(type)) return OCTETS
  if (type !== undefined && !isText(type)) return type
  const { charset, hasNul } = await survey(content)
  if (type !== undefined && asked !== undefined) return withCharset(type, charset ?? FALLBACK_CHARSET)
  return charset === undefined || hasNul ? OCTETS : withCharset(type ?? 'text/plain', charset)
}

/**
 * Makes the part.
 *
 * @param attachment its own content stays open; a file is read and freed with the part
 * @param spillDirectory where a large file is copied to
 */
export async function attachmentPart(attachment: Attachment, spillDirectory: string): Promise<Leaf> {
  const { path, encoding = 'base64' } = attachment
  const name = attachmentName({ shown: attachment.name, path })
  const own = path === undefined ? undefined : await readAttachment(path, spillDirectory)
  const content = own ?? attachment.content ?? bufferContent(Buffer.alloc(0))
  const close = (): void => own?.close()
  try {
    const type = await typeOf(attachment.type, name, content)
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
