/**
 * A site whose queue has a message in every place, and something that is none.
 */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { M0, openSite, type MailSite, type Settings } from '../helpers/mail-site.ts'

/** The queue id of the message to a recipient. */
export function idOf(site: MailSite, recipient: string): string {
  const found = site.queued().find(({ recipients }) => recipients.includes(recipient))
  if (found === undefined) throw new Error(`there is no message to ${recipient}`)
  return found.id
}

/** Moves the message to a recipient to another folder, as a person might. */
export function moveTo(site: MailSite, folder: string, recipient: string): void {
  const file = site.queued().find(({ recipients }) => recipients.includes(recipient))
  if (file === undefined) throw new Error(`there is no message to ${recipient}`)
  mkdirSync(join(site.queueDir, folder), { recursive: true, mode: 0o700 })
  renameSync(join(site.queueDir, file.folder, file.name), join(site.queueDir, folder, file.name))
}

/**
 * A queue with a message that was deferred (a@s.ex to defer@d.ex), one that waits for its first attempt (b@t.ex to
 * one@d.ex and two@e.ex), one that failed (c@s.ex to reject@d.ex) and one put into hold/ (the null sender to
 * held@d.ex).
 */
export async function filledSite(settings: Settings = {}): Promise<MailSite> {
  const site = await openSite({ bounce: 'none', ...settings })
  await site.run('mq-sendmail', ['-f', 'a@s.ex', 'defer@d.ex'], { stdin: M0 })
  await site.run('mq-sendmail', ['-odq', '-f', 'b@t.ex', 'one@d.ex', 'two@e.ex'], { stdin: M0 })
  await site.run('mq-sendmail', ['-f', 'c@s.ex', 'reject@d.ex'], { stdin: M0 })
  await site.run('mq-sendmail', ['-odq', '-f', '<>', 'held@d.ex'], { stdin: M0 })
  moveTo(site, 'hold', 'held@d.ex')
  return site
}

/** Puts a file that is no message beside the messages. */
export function addForeignFile(site: MailSite): void {
  writeFileSync(join(site.queueDir, 'new', 'README'), 'do not delete\n')
}

/** The JSON objects of lines. */
export function objectsOf(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}
