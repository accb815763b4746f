/**
 * One case of a drop-in for sendmail: a command line and a message, and all that can be seen of what became of it:
 * envelope, bytes on the wire, exit code, both outputs and what the queue holds afterwards. What a case does not
 * name is as usual: exit code 0, nothing said, one mail from the caller to one@d.ex, and an empty queue.
 */
import { symlinkSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect, it } from 'vitest'
import { BIN } from '../../helpers/run-command.ts'
import { CALLER, M0, openSite, type MailSite, type Settings } from '../../helpers/mail-site.ts'
import type { Script } from '../../helpers/scripted-server.ts'

/** A message that lacks From, To, Date and Message-ID. */
export const M1 = 'Subject: s\n\nb\n'

/** A message that lacks nothing, with this body. */
export const withBody = (body: string): string => `${M0.slice(0, M0.indexOf('\n\n'))}\n\n${body}`

export interface SendmailCase {
  /** Its number, and what it is about. */
  readonly name: string
  readonly args: readonly string[]
  /** {@link M0} when left out. */
  readonly stdin?: string | Buffer
  readonly settings?: Settings
  readonly script?: Script
  readonly env?: Readonly<Record<string, string>>
  /** The text of the aliases file. */
  readonly aliases?: string
  /** Another name for the command. */
  readonly program?: string
  readonly code?: number
  /** `CALLER` when left out. */
  readonly sender?: string
  /** `one@d.ex` when left out; empty when no mail may reach the server. */
  readonly recipients?: readonly string[]
  /** In what follows the address of MAIL. */
  readonly mailParameters?: RegExp
  /** A RCPT command must look like this. */
  readonly rcpt?: RegExp
  /** The header must have these lines, each once. */
  readonly lines?: readonly string[]
  readonly header?: RegExp
  readonly notInHeader?: RegExp
  /** The whole body as it went over the wire. */
  readonly body?: string
  readonly stdout?: string | RegExp
  readonly stderr?: RegExp
  readonly queue?: readonly string[]
}

/** The command under another name, as runCommand wants it. */
function named(site: MailSite, name: string): string {
  const link = join(site.directory, name)
  symlinkSync(join(BIN, 'mq-sendmail'), link)
  return relative(BIN, link)
}

function expectMessage(site: MailSite, wanted: SendmailCase): void {
  const { recipients = ['one@d.ex'], sender = CALLER } = wanted
  const envelopes = site.received.map(({ mailFrom, rcptTo }) => ({ mailFrom, rcptTo }))
  expect(envelopes).toEqual(recipients.length === 0 ? [] : [{ mailFrom: sender, rcptTo: recipients }])
  const [message] = site.received
  if (message === undefined) return
  const text = message.data.toString('latin1')
  const end = text.indexOf('\r\n\r\n')
  const header = text.slice(0, end + 2)
  expect(text).not.toMatch(/[^\r]\n|\r[^\n]|\0/)
  expect(header).not.toMatch(/^(?:resent-)?bcc[ \t]*:/im)
  for (const line of wanted.lines ?? [])
    expect(header.split('\r\n').filter((each) => each === line)).toEqual([line])
  if (wanted.header !== undefined) expect(header).toMatch(wanted.header)
  if (wanted.notInHeader !== undefined) expect(header).not.toMatch(wanted.notInHeader)
  if (wanted.body !== undefined) expect(text.slice(end + 4)).toBe(wanted.body)
  if (wanted.mailParameters !== undefined) expect(message.params).toMatch(wanted.mailParameters)
  if (wanted.rcpt !== undefined)
    expect(site.server.commands.filter((line) => line.startsWith('RCPT'))).toContainEqual(
      expect.stringMatching(wanted.rcpt),
    )
}

/** Runs one case. */
export async function runCase(wanted: SendmailCase): Promise<MailSite> {
  const site = await openSite(wanted.settings, wanted.script)
  if (wanted.aliases !== undefined) site.write('aliases', wanted.aliases.replaceAll('DIR', site.directory))
  const program = wanted.program === undefined ? 'mq-sendmail' : named(site, wanted.program)
  const { stdin = M0, env = {} } = wanted
  const result = await site.run(program, wanted.args, { stdin, env })
  expect({ code: result.code, signal: result.signal }).toEqual({ code: wanted.code ?? 0, signal: null })
  expect(result.stdout).toEqual(
    wanted.stdout instanceof RegExp ? expect.stringMatching(wanted.stdout) : (wanted.stdout ?? ''),
  )
  if (wanted.stderr === undefined) expect(result.stderr).toBe('')
  else expect(result.stderr).toMatch(wanted.stderr)
  expect(result.stderr).not.toMatch(/^\s+at /m)
  expectMessage(site, wanted)
  expect(site.queue()).toEqual(wanted.queue ?? [])
  return site
}

/** A test for each case. */
export function testCases(cases: readonly SendmailCase[]): void {
  it.each(cases.map((each) => [each.name, each] as const))('%s', async (_, wanted) => {
    await runCase(wanted)
  })
}
