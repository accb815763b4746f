/**
 * The SMTP dialogue as debug events, one for each line: commands and replies, never the message, never a
 * secret. Nothing is made when the log does not want debug events.
 */
import type { Logger } from '../logging/logger.ts'
import { oneLine } from './reply.ts'

type LogCall = (entry: unknown, message?: unknown) => void

/** What the protocol engine writes to, and the queue id that the lines belong to at the moment. */
export interface Dialogue {
  /** Logger in the shape the protocol engine wants; false when the dialogue is not logged. */
  readonly logger: Readonly<Record<string, LogCall>> | false
  /** Queue id of the message under way. */
  id: string | undefined
  /** The next line of the client, where the engine takes it for a part of a login and hides it. */
  spoken?: string | undefined
}

const ignore: LogCall = () => undefined

/** The data of a challenge, by which a password could be guessed when the answer is known (SCRAM). */
const withoutChallenge = (line: string): string => line.replace(/^(334[ -]?)\S.*/, '$1***')

/** Hides what a client line of a login carries: everything after the mechanism's name. */
function withoutCredentials(line: string, loggingIn: boolean): string {
  const command = /^AUTH\s+\S+/i.exec(line)
  if (command !== null) return command[0].length === line.length ? line : `${command[0]} ***`
  return loggingIn ? '***' : line
}

/**
 * Makes the dialogue log of one connection.
 *
 * @param log where the lines go, as `smtp.dialogue` with `line`, `connection` and `id`
 * @param clean removes secrets from a line
 */
export function openDialogue(log: Logger, clean: (text: string) => string): Dialogue {
  if (!log.debugEnabled) return { logger: false, id: undefined }
  let loggingIn = false
  const debug: LogCall = (entry, message) => {
    if (typeof entry !== 'object' || entry === null || typeof message !== 'string') return
    const from: unknown = Reflect.get(entry, 'tnx')
    if (from !== 'client' && from !== 'server') return
    const sid: unknown = Reflect.get(entry, 'sid')
    const connection = typeof sid === 'string' ? sid : undefined
    const text = from === 'client' ? (dialogue.spoken ?? message) : message
    if (from === 'client') dialogue.spoken = undefined
    if (from === 'client' && /^AUTH\b/i.test(message)) loggingIn = true
    if (from === 'server' && !message.startsWith('334')) loggingIn = false
    for (const line of text.split(/\r?\n/)) {
      const shown =
        from === 'client' ? `C: ${withoutCredentials(line, loggingIn)}` : `S: ${withoutChallenge(line)}`
      log.debug('smtp.dialogue', { line: oneLine(clean(shown)), connection, id: dialogue.id })
    }
  }
  const logger = { trace: ignore, debug, info: ignore, warn: ignore, error: ignore, fatal: ignore }
  const dialogue: Dialogue = { logger, id: undefined }
  return dialogue
}
