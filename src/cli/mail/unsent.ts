/**
 * What was read of a mail and nobody has taken yet. Whatever fails from then on, the mail is kept as a dead letter in
 * the most complete form that there is: the message as it would be sent, or the text with the fields as they were
 * given. Everything that was opened is closed in the end.
 */
import { MailError } from '../../errors/mail-error.ts'
import { EX, type ExitCode } from '../../errors/sysexits.ts'
import { joinContent, type MessageContent } from '../../message/content.ts'
import type { Setup } from '../setup.ts'
import type { Circumstances } from './circumstances.ts'
import { draftHeader, type Typed } from './letter.ts'

/** A mail on its way from its writer to whoever takes it. */
export interface Unsent {
  /** Closes this in the end. */
  hold(content: MessageContent): void
  /** The same; and what was read and is nowhere else is kept, as long as there is nothing better. */
  holdText(content: MessageContent, isWhole: boolean): void
  /** The same; and this message, with its header, is kept from now on. */
  holdMessage(content: MessageContent, sender?: string): void
  /**
   * Keeps the mail where dead letters are, now. Never rejects.
   *
   * @returns words that end a sentence; undefined when there is nothing to keep
   */
  keep(): Promise<string | undefined>
}

/** What is known before anything is read. */
export interface Given {
  /** Recipients and subject as they were given, to be kept with the text; undefined when its header is in it. */
  readonly fields: Omit<Typed, 'body'> | undefined
  /** For the line before a dead letter. */
  readonly sender: string
  /** False for a mail that is only shown. */
  readonly isKept: boolean
}

function newUnsent(
  { terminal, caller }: Setup,
  { variables }: Circumstances,
  { fields, sender, isKept }: Given,
): Unsent & { close(): void } {
  const open: MessageContent[] = []
  let best: { readonly message: MessageContent; readonly sender: string } | undefined
  let words = ''
  const hold = (content: MessageContent): void => void open.push(content)
  return {
    hold,
    holdText: (content, isWhole) => {
      hold(content)
      if (content.size === 0 || best !== undefined) return
      best = { message: fields === undefined ? content : joinContent(draftHeader(fields), content), sender }
      if (!isWhole) words = 'as far as it was read, '
    },
    holdMessage: (message, from = sender) => {
      hold(message)
      if (message.size > 0) best = { message, sender: from }
    },
    keep: async () => {
      if (best === undefined || !isKept) return undefined
      const { keepIfWanted } = await import('./dead-letter.ts')
      const place = { env: terminal.env, home: caller.home, variables, sender: best.sender }
      return `${words}${await keepIfWanted(best.message, place)}`
    },
    close: () => {
      for (const content of open) content.close()
    },
  }
}

/**
 * Does what has to do with a mail from the moment when it is read. What `work` throws means that nobody took the mail.
 *
 * @returns what `work` gives, or the exit code of the MailError that it threw
 * @throws what `work` threw when there was nothing to keep, or when it is no MailError
 */
export async function guarded(
  setup: Setup,
  circumstances: Circumstances,
  given: Given,
  work: (unsent: Unsent) => Promise<ExitCode>,
): Promise<ExitCode> {
  const unsent = newUnsent(setup, circumstances, given)
  try {
    return await work(unsent)
  } catch (error) {
    if (error instanceof MailError && error.exitCode === EX.OK) throw error
    const remains = await unsent.keep()
    if (remains === undefined) throw error
    const what = error instanceof MailError ? error.publicMessage : 'the mail was not sent'
    setup.terminal.complain(`${what}; ${remains}`)
    if (error instanceof MailError) return error.exitCode
    throw error
  } finally {
    unsent.close()
  }
}
