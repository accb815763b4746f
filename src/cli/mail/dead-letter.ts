/**
 * Where mail goes that could be neither sent nor queued, and what a person has typed of a mail that was broken off:
 * to the end of a mailbox file of the caller's. Nothing that is there already is ever lost. When the message is kept
 * it is on stable storage; when it is not, the sentence that is thrown or given says so.
 */
import { describeError } from '../../errors/errno.ts'
import { MailError } from '../../errors/mail-error.ts'
import { bufferContent, type MessageContent } from '../../message/content.ts'
import { homePath } from './home-path.ts'
import { appendMbox } from './mbox.ts'

/** What says where the dead letters of the caller are. */
export interface DeadLetterPlace {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
  /** Those of the mailrc files and of `-S`; their DEAD goes before that of the environment. */
  readonly variables?: ReadonlyMap<string, string | true>
  /** For the line before the message; none when left out. */
  readonly sender?: string
}

/** Milliseconds to wait for another program that writes to the file. */
const PATIENCE = 5_000

/** The file for dead letters: $DEAD, or `dead.letter` in the home directory. */
export function deadLetterPath({ env, home, variables }: DeadLetterPlace): string {
  const set = variables?.get('DEAD')
  const named = typeof set === 'string' && set !== '' ? set : (env['DEAD'] ?? '')
  return homePath(named === '' ? '~/dead.letter' : named, { home })
}

/**
 * Appends a message to the dead letters. `/dev/null` as their place is obeyed.
 *
 * @param message with its header; not closed
 * @param place see {@link DeadLetterPlace}
 * @returns the path of the file
 * @throws MailError of the queue, with one sentence, when the message is not kept
 */
export async function saveDeadLetter(
  message: MessageContent | Buffer,
  place: DeadLetterPlace,
): Promise<string> {
  const path = deadLetterPath(place)
  const content = Buffer.isBuffer(message) ? bufferContent(message) : message
  await appendMbox(
    path,
    { content, sender: place.sender ?? '' },
    // Rather two messages that run into each other than one that is lost.
    { action: 'it cannot be kept in', noLink: true, whenHeld: 'write', patience: PATIENCE },
  )
  return path
}

/**
 * The same as words that end the sentence about a failure, such as `it is kept in /home/ann/dead.letter`. Never
 * rejects: what is wrong with the dead letters must not hide what is wrong with the mail.
 */
export async function keepDeadLetter(
  message: MessageContent | Buffer,
  place: DeadLetterPlace,
): Promise<string> {
  try {
    const path = await saveDeadLetter(message, place)
    return path === '/dev/null' ? 'it is not kept, for DEAD is /dev/null' : `it is kept in ${path}`
  } catch (error) {
    return error instanceof MailError ? error.publicMessage : `it cannot be kept: ${describeError(error)}`
  }
}

/**
 * The same, unless the variable `save` is unset: the rule for all that mq-mail keeps. Never rejects.
 *
 * @returns words that end a sentence, as those of {@link keepDeadLetter}
 */
export async function keepIfWanted(
  message: MessageContent | Buffer,
  place: DeadLetterPlace & Required<Pick<DeadLetterPlace, 'variables'>>,
): Promise<string> {
  return place.variables.has('save') ? keepDeadLetter(message, place) : 'it is not kept, for save is unset'
}
