/**
 * A client that speaks SMTP with `mq-sendmail -bs` over pipes, lock-step: each line waits for the whole reply to it.
 */
import type { MailSite } from './mail-site.ts'
import { startCommand, type CommandOptions, type RunningCommand } from './run-command.ts'

/** A dialogue under way. */
export interface SmtpDialogue extends RunningCommand {
  /** Waits for a reply without saying anything. @returns its lines, without CRLF, joined by LF */
  hear(): Promise<string>
  /** Says a line, and waits for the reply. */
  say(line: string): Promise<string>
  /** Says several lines one after the other. @returns the replies */
  sayAll(...lines: readonly string[]): Promise<string[]>
  /** Writes bytes as they are. */
  write(bytes: string | Buffer): void
  /** Says DATA and a message in CRLF text without dots to be stuffed. @returns the reply to the final dot */
  send(message: string): Promise<string>
  /** Leaves without a word. */
  leave(): void
}

const REPLY = /^(?:\d{3}-[^\r\n]*\r\n)*\d{3} [^\r\n]*\r\n/

/** Starts a session; its greeting is the first reply. */
export function openDialogue(
  { config }: Pick<MailSite, 'config'>,
  args: readonly string[] = [],
  options: CommandOptions = {},
): SmtpDialogue {
  const running = startCommand('mq-sendmail', ['-bs', ...args], { config, staysOpen: true, ...options })
  const { stdin, stdout } = running.child
  let pending = ''
  let wake = (): void => undefined
  stdout?.on('data', (chunk: Buffer) => {
    pending += chunk.toString()
    wake()
  })
  stdout?.on('end', () => {
    pending += '000 standard output ended\r\n'
    wake()
  })
  const hear = async (): Promise<string> => {
    for (;;) {
      const [found] = REPLY.exec(pending) ?? []
      if (found !== undefined) {
        pending = pending.slice(found.length)
        return found.trimEnd().replaceAll('\r\n', '\n')
      }
      await new Promise<void>((resolve) => (wake = resolve))
    }
  }
  const write = (bytes: string | Buffer): void => void stdin?.write(bytes)
  const say = (line: string): Promise<string> => {
    write(`${line}\r\n`)
    return hear()
  }
  return {
    ...running,
    hear,
    say,
    sayAll: async (...lines) => {
      const replies: string[] = []
      for (const line of lines) replies.push(await say(line))
      return replies
    },
    write,
    send: async (message) => {
      const go = await say('DATA')
      if (!go.startsWith('354')) return go
      write(`${message}.\r\n`)
      return hear()
    },
    leave: () => void stdin?.end(),
  }
}
