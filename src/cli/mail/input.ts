/**
 * Everything that a mail is read from: standard input, files that are quoted or are the body. A large text stays on
 * disk. A file that is missing is told before standard input is touched.
 */
import { createReadStream } from 'node:fs'
import { describeError } from '../../errors/errno.ts'
import { MailError } from '../../errors/mail-error.ts'
import { quoteForMessage } from '../../message/address/address.ts'
import { checkFile } from '../../message/compose/attachment.ts'
import { BodyStore } from '../../message/body-store.ts'
import type { MessageContent } from '../../message/content.ts'
import type { HeaderBlock } from '../../message/header-block.ts'
import { readMessage } from '../../message/read-message.ts'
import { tellChanges } from '../sendmail/finish-message.ts'
import { spillDirectory, type Setup } from '../setup.ts'
import { standardInput } from '../standard-input.ts'
import { standardInputUses, type MailCall } from './call.ts'
import type { Unsent } from './unsent.ts'

/** What was read. */
export interface MailInput {
  /** The header of a template. */
  readonly header: HeaderBlock | undefined
  readonly body: MessageContent
  /** The body in HTML. */
  readonly alternative: MessageContent | undefined
  /** Standard input, where it is an attachment. */
  readonly attached: MessageContent | undefined
}

const missing = (path: string, why: string, cause?: unknown): MailError =>
  new MailError('INPUT_MISSING', `cannot read ${quoteForMessage(path)}: ${why}; nothing was sent`, { cause })

/**
 * Makes sure that the files for the body are there.
 *
 * @throws MailError INPUT_MISSING
 */
export function checkInput(call: MailCall): void {
  const files = [...call.quoted, call.bodyFile, call.alternative]
  for (const path of files) if (path !== undefined && path !== '-') checkFile(path, 'read')
}

async function appendInput(store: BodyStore, input: AsyncIterable<Buffer>): Promise<void> {
  try {
    for await (const chunk of input) await store.append(chunk)
  } catch (error) {
    if (error instanceof MailError) throw error
    throw new MailError(
      'INPUT_UNREADABLE',
      `cannot read the body from standard input: ${describeError(error)}; redirect it from a file or a pipe`,
      { cause: error },
    )
  }
}

async function appendFile(store: BodyStore, path: string): Promise<void> {
  try {
    for await (const chunk of createReadStream(path)) await store.append(chunk as Buffer)
  } catch (error) {
    if (error instanceof MailError) throw error
    throw missing(path, describeError(error), error)
  }
}

/**
 * Puts some inputs one behind the other; `-` is standard input. What was read of it is not lost when reading fails.
 *
 * @param unsent closes the result
 */
async function joined(
  directory: string,
  inputs: readonly (string | MessageContent)[],
  unsent: Unsent,
): Promise<MessageContent> {
  const store = new BodyStore(directory)
  const hold = (content: MessageContent, isWhole: boolean): void =>
    inputs.includes('-') ? unsent.holdText(content, isWhole) : unsent.hold(content)
  try {
    for (const each of inputs) {
      if (each === '-') await appendInput(store, standardInput())
      else if (typeof each === 'string') await appendFile(store, each)
      else for await (const chunk of each.stream()) await store.append(chunk as Buffer)
    }
    const content = await store.finish()
    hold(content, true)
    return content
  } catch (error) {
    hold(store.rest(), false)
    throw error
  }
}

/** It is read to its end before anybody looks into it: what is wrong with its header must not lose the rest. */
async function readTemplate(
  setup: Setup,
  { quoted }: MailCall,
  directory: string,
  unsent: Unsent,
): Promise<Omit<MailInput, 'alternative'>> {
  const options = { dotEnds: false, spillDirectory: directory, rawBody: true }
  const raw = await joined(directory, ['-'], unsent)
  const message = await readMessage(raw.bytes ?? raw.stream(), options)
  const { header, body } = message
  unsent.hold(body)
  tellChanges(setup, message)
  return {
    header,
    body: quoted.length === 0 ? body : await joined(directory, [...quoted, body], unsent),
    attached: undefined,
  }
}

async function readBody(
  call: MailCall,
  directory: string,
  typed: MessageContent | undefined,
  unsent: Unsent,
): Promise<Omit<MailInput, 'alternative'>> {
  const isAttached = call.attachments.some(({ path }) => path === '-')
  const attached = isAttached ? await joined(directory, ['-'], unsent) : undefined
  const isUsed = standardInputUses(call) > 0
  const text = call.bodyFile ?? typed ?? (isUsed ? undefined : '-')
  const body = await joined(directory, text === undefined ? call.quoted : [...call.quoted, text], unsent)
  return { header: undefined, body, attached }
}

/**
 * Reads what the call asks for.
 *
 * @param typed the body that a person typed, in the place of standard input
 * @param unsent closes what was read
 * @throws MailError INPUT_MISSING or INPUT_UNREADABLE for the input, MESSAGE_MALFORMED for the header of a template,
 *   QUEUE_* when a large text cannot be kept
 */
export async function readInput(
  setup: Setup,
  call: MailCall,
  typed: MessageContent | undefined,
  unsent: Unsent,
): Promise<MailInput> {
  const directory = spillDirectory(setup.config)
  const { alternative: html } = call
  const input = call.template
    ? await readTemplate(setup, call, directory, unsent)
    : await readBody(call, directory, typed, unsent)
  const alternative = html === undefined ? undefined : await joined(directory, [html], unsent)
  return { ...input, alternative }
}
