/**
 * Makes a complete message out of what a user typed: header block with RFC 2047 words, folded, and a body in
 * an encoding that every server takes, with attachments if there are any. The only importer of nodemailer's MIME
 * composer, which is loaded by the first call. Bcc is never written, no field appears twice that may appear once,
 * and nothing a caller passes can add a field or a line of its own: a line break in a header name, value or address
 * is refused. The message is complete or there is an error: a file that cannot be read to its end makes no message.
 * Neither a text nor an attachment is ever held in memory when it is large.
 */
import type { Readable } from 'node:stream'
import { queueError } from '../../errors/errno.ts'
import { BodyStore } from '../body-store.ts'
import {
  addressFieldValue,
  foldedField,
  ownFields,
  ownFieldValue,
  textFieldValue,
  type OwnFields,
} from './fields.ts'
import type { Branch, Leaf, Part } from './part.ts'
import { contentTree, isContentField, type MailContents } from './tree.ts'
import type { MessageContent } from '../content.ts'
import { formatDate } from '../date.ts'

/** What a message is made of. */
export interface MailParts extends MailContents {
  /** Mailbox or list for From; without it, and without a From of the caller's own, none is written. */
  readonly from?: string
  /** Mailboxes, display names allowed. */
  readonly to: readonly string[]
  readonly cc: readonly string[]
  /** A line break in it becomes one blank; an empty subject is left out. */
  readonly subject?: string
  /** The caller's own fields, name and value. They take the place of the generated ones. */
  readonly headers: readonly (readonly [string, string])[]
  /** For the Date field, in milliseconds since the epoch. */
  readonly date: number
  /** With its angle brackets, as newMessageId makes it. */
  readonly messageId: string
}

/** Name and value, unfolded; an empty value leaves the field out. */
type Field = readonly [name: string, value: string]

function generatedFields(parts: MailParts): Field[] {
  return [
    ['Date', formatDate(parts.date)],
    ['From', addressFieldValue('From', parts.from === undefined ? [] : [parts.from])],
    ['To', addressFieldValue('To', parts.to)],
    ['Cc', addressFieldValue('Cc', parts.cc)],
    ['Subject', textFieldValue((parts.subject ?? '').replace(/[\r\n\0]+/g, ' ').trim())],
    ['Message-ID', parts.messageId],
  ]
}

/** Generated fields, or the caller's own in their places; then the rest of the caller's, those about content apart. */
function leadingFields(parts: MailParts, own: OwnFields): Field[] {
  const ownOf = (key: string): Field[] =>
    (own.get(key) ?? []).map((field): Field => [field.name, ownFieldValue(field)])
  const generated = generatedFields(parts)
  const placed = new Set([...generated.map(([name]) => name.toLowerCase()), 'mime-version'])
  const leading = generated.flatMap((field): readonly Field[] => {
    const [name] = field
    const replacement = ownOf(name.toLowerCase())
    return replacement.length > 0 ? replacement.map(([, value]): Field => [name, value]) : [field]
  })
  const others = [...own.keys()].filter((key) => !placed.has(key) && !isContentField(key)).flatMap(ownOf)
  return [...leading, ...others].filter(([, value]) => value !== '')
}

type MimeNode = import('nodemailer/lib/mime-node').default
type NewNode = () => MimeNode

/** How a message is written. */
interface Writing {
  readonly newNode: NewNode
  readonly open: OpenParts
}

/** The parts that hold something, so that nothing is held any more when writing ends anywhere in the middle. */
class OpenParts {
  readonly #parts = new Set<Part>()
  #ended = false

  /** @returns false when the writing is over: the part is closed again */
  add(part: Part): boolean {
    this.#parts.add(part)
    if (this.#ended) this.close(part)
    return !this.#ended
  }

  close(part: Part): void {
    if (this.#parts.delete(part) && !('parts' in part)) part.close?.()
  }

  end(): void {
    this.#ended = true
    for (const part of this.#parts) this.close(part)
  }
}

/** Makes a node write a part. The fields are written as they are: the composer would rewrite addresses and fold anew. */
function fill(node: MimeNode, part: Part, leading: readonly string[], writing: Writing): void {
  node.buildHeaders = () => [...leading, ...part.fields].join('\r\n')
  if ('parts' in part) fillBranch(node, part, writing)
  else fillLeaf(node, part)
}

function fillLeaf(node: MimeNode, { encode, content }: Leaf): void {
  // The composer would encode every line over 76 characters.
  node.getTransferEncoding = () => encode ?? false
  node.setContent(content())
}

function fillBranch(node: MimeNode, { boundary, parts }: Branch, writing: Writing): void {
  node.multipart = 'mixed'
  node.boundary = boundary
  for (const make of parts) node.appendChild(lateNode(make, writing))
}

/** A node that is filled when its turn comes and freed behind it, so that one attachment at a time is open. */
function lateNode(make: () => Promise<Part>, writing: Writing): MimeNode {
  const node = writing.newNode()
  const write = node.stream.bind(node)
  node.stream = (output, options, done) => {
    const writePart = (part: Part): void => {
      const end = (error?: Error | null): void => {
        writing.open.close(part)
        done(error)
      }
      if (!writing.open.add(part)) return
      try {
        fill(node, part, [], writing)
        write(output, options, end)
      } catch (error) {
        end(error instanceof Error ? error : new Error(String(error)))
      }
    }
    make().then(writePart, done)
  }
  return node
}

/** The message as a stream. */
async function written(tree: Part, leading: readonly string[], open: OpenParts): Promise<Readable> {
  const { default: Node } = await import('nodemailer/lib/mime-node')
  const newNode = (): MimeNode => new Node(false, { disableFileAccess: true, disableUrlAccess: true })
  const root = newNode()
  fill(root, tree, leading, { newNode, open })
  return root.createReadStream()
}

/** Keeps what a stream gives. */
async function keep(stream: Readable, spillDirectory: string): Promise<MessageContent> {
  const store = new BodyStore(spillDirectory)
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) await store.append(chunk)
    return await store.finish()
  } catch (error) {
    store.discard()
    throw error
  }
}

/**
 * Composes one message.
 *
 * @param parts what the user gave; body and alternative in it stay open
 * @param spillDirectory where a message of more than 1 MB is kept, and a large attachment while it is encoded; the
 *   files in it have no name and vanish with the process
 * @returns the message with CRLF line ends, which the caller closes. It is 7-bit, and its lines have at most 998
 *   octets, except for a local part that is not ASCII and for a body of the caller's own that is a multipart or a
 *   message already: that may not be encoded, so it stays as it is
 * @throws MailError `ADDRESS_INVALID` for From, To or Cc, `MESSAGE_MALFORMED` for a field of the caller's own or a
 *   type that is none, `INPUT_MISSING` and `INPUT_UNREADABLE` for an attachment, `QUEUE_FULL`, `QUEUE_IO` or
 *   `QUEUE_DENIED` when a large message cannot be kept
 */
export async function composeMail(parts: MailParts, spillDirectory: string): Promise<MessageContent> {
  const open = new OpenParts()
  try {
    const own = ownFields(parts.headers)
    const leading = [...leadingFields(parts, own), ['MIME-Version', '1.0'] as const]
    const lines = leading.map(([name, value]) => foldedField(name, value))
    const tree = await contentTree(parts, own, spillDirectory)
    return await keep(await written(tree, lines, open), spillDirectory)
  } catch (error) {
    throw queueError(error, 'cannot put the message together in', spillDirectory)
  } finally {
    open.end()
  }
}
