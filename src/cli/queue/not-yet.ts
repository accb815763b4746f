/**
 * Why a message that has a time of its own, as by `--send-at`, is not sent yet, whoever asks for it: the same words in
 * the list and in refusals.
 */
import type { QueueEntry } from '../../queue/store.ts'

/**
 * The words; undefined when the message has no such time, or it is over.
 *
 * @param now milliseconds since the epoch
 */
export function notYet({ notBefore = 0 }: Pick<QueueEntry, 'notBefore'>, now: number): string | undefined {
  return notBefore > now ? `not to be sent before ${new Date(notBefore).toISOString()}` : undefined
}
