/**
 * One case of a drop-in for mail(1): a command line and a text, and all that can be seen of what became of it:
 * envelope, the message as another parser reads it, its bytes, exit code, both outputs, the queue and the home
 * directory. What a case does not name is as usual: exit code 0, nothing said, one plain text mail from
 * alerts@h.example to a@x.org, and nothing left behind.
 */
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { simpleParser, type AddressObject, type ParsedMail } from 'mailparser'
import { expect, it } from 'vitest'
import { openSite, type MailSite, type Settings } from '../../helpers/mail-site.ts'
import type { CommandResult } from '../../helpers/run-command.ts'
import type { Script } from '../../helpers/scripted-server.ts'

/** Who sends when nobody says otherwise. */
const SENDER = 'alerts@h.example'

const ALIASES = 'root: admin@h.example\nops: one@h.example, two@h.example\n'

/** A part of a message that has a file name. */
export interface ExpectedFile {
  readonly name: string
  readonly type: string
  /** Its bytes. */
  readonly content: Buffer
}

export interface MailCase {
  /** Its number, and what it is about. */
  readonly name: string
  /** `DIR` stands for the directory of the site. */
  readonly args: readonly string[]
  /** `hello\n` when left out. */
  readonly stdin?: string | Buffer
  readonly settings?: Settings
  readonly script?: Script
  /** `DIR` stands for the directory of the site. */
  readonly env?: Readonly<Record<string, string>>
  /** The text of the aliases file. */
  readonly aliases?: string
  /** Files to write into the directory of the site. */
  readonly files?: Readonly<Record<string, string | Buffer>>
  /** A program with its first arguments that starts the command. `DIR` stands for the directory of the site. */
  readonly through?: readonly string[]
  /** One of these when it is a list. */
  readonly code?: number | readonly number[]
  /** Envelope sender; `alerts@h.example` when left out. */
  readonly sender?: string
  /** In any order; `a@x.org` when left out; empty when no mail may reach the server. */
  readonly recipients?: readonly string[]
  /** A mailbox such as `Bob <b@x.org>`; an address alone says nothing about the name. */
  readonly from?: string | RegExp
  /** Mailboxes as the parser reads them. */
  readonly to?: readonly string[]
  readonly cc?: readonly string[]
  readonly replyTo?: readonly string[]
  /** Null when there must be no subject. */
  readonly subject?: string | null
  /** The decoded text, with LF. */
  readonly text?: string | RegExp
  readonly html?: string
  /** Content type of the whole message; text/plain when left out. */
  readonly type?: string
  readonly charset?: RegExp
  readonly attachments?: readonly ExpectedFile[]
  /** Lines of the header, each there exactly once. */
  readonly lines?: readonly string[]
  readonly header?: RegExp
  readonly notInHeader?: RegExp
  /** Must be nowhere in the message. */
  readonly nowhere?: RegExp
  readonly stdout?: string | RegExp
  readonly stderr?: RegExp
  readonly queue?: readonly unknown[]
  /** What the home directory holds afterwards: names, and a pattern for the text of each file. */
  readonly home?: Readonly<Record<string, RegExp>>
}

/** Opens a site of the configuration that all cases share. */
export async function openMailSite(settings: Settings = {}, script: Script = {}): Promise<MailSite> {
  const site = await openSite({ from: SENDER, ...settings }, { extensions: [], ...script })
  site.write('aliases', ALIASES)
  mkdirSync(join(site.directory, 'home'))
  return site
}

/** The environment of all cases. */
export const mailEnvironment = (site: MailSite): Record<string, string> => ({
  LC_ALL: 'C',
  HOME: join(site.directory, 'home'),
})

const inDirectory = (site: MailSite, text: string): string => text.replaceAll('DIR', site.directory)

/** Runs the command of one case. */
function runMail(site: MailSite, wanted: MailCase, program = 'mq-mail'): Promise<CommandResult> {
  if (wanted.aliases !== undefined) site.write('aliases', wanted.aliases)
  for (const [name, content] of Object.entries(wanted.files ?? {})) site.write(name, content)
  const env = Object.entries(wanted.env ?? {}).map(([name, value]) => [name, inDirectory(site, value)])
  return site.run(
    program,
    wanted.args.map((each) => inDirectory(site, each)),
    {
      stdin: wanted.stdin ?? 'hello\n',
      env: { ...mailEnvironment(site), ...(Object.fromEntries(env) as Record<string, string>) },
      ...(wanted.through === undefined
        ? {}
        : { through: wanted.through.map((each) => inDirectory(site, each)) }),
    },
  )
}

const ONCE = /^(?:date|from|message-id|mime-version|content-type)$/
const AT_MOST_ONCE = /^(?:to|cc|subject|reply-to|sender|content-transfer-encoding)$/

/** What holds for every message: 7 bits, CRLF, short lines, one of each field, no Bcc. @returns its header */
function expectSound(data: Buffer): string {
  const text = data.toString('latin1')
  expect(text).toMatch(/^[\t\r\n -~]*$/)
  expect(text).not.toMatch(/[^\r]\n|\r[^\n]/)
  expect(text).not.toMatch(/[^\r\n]{999}/)
  const header = text.slice(0, text.indexOf('\r\n\r\n') + 2)
  const names = header
    .split('\r\n')
    .map((line) => /^[!-9;-~]+(?=:)/.exec(line)?.[0].toLowerCase() ?? '')
    .filter(Boolean)
  expect(names.filter((name) => ONCE.test(name)).toSorted()).toEqual(
    ['content-type', 'date', 'from', 'message-id', 'mime-version'].toSorted(),
  )
  const others = names.filter((name) => AT_MOST_ONCE.test(name))
  expect(others).toEqual([...new Set(others)])
  // a multipart needs none of its own
  if (!/^content-type: multipart\//im.test(header)) expect(names).toContain('content-transfer-encoding')
  expect(names).not.toContain('bcc')
  return header
}

/** Mailboxes as a person writes them. */
const mailboxes = (field: AddressObject | AddressObject[] | undefined): string[] =>
  [field ?? []]
    .flat()
    .flatMap(({ value }) => value)
    .map(({ name, address = '' }) => (name === '' ? address : `${name} <${address}>`))

const addressOf = (mailbox: string): string => /<([^>]*)>$/.exec(mailbox)?.[1] ?? mailbox

/** Only what the case names is compared: both sides have the members of the case. */
function expectFields(mail: ParsedMail, wanted: MailCase): void {
  const { from, to, cc, replyTo, subject, text, html } = wanted
  const [author = ''] = mailboxes(mail.from)
  if (from instanceof RegExp) expect(author).toMatch(from)
  else if (from !== undefined) expect(from.includes('<') ? author : addressOf(author)).toBe(from)
  if (to !== undefined) expect(mailboxes(mail.to)).toEqual(to)
  if (cc !== undefined) expect(mailboxes(mail.cc)).toEqual(cc)
  if (replyTo !== undefined) expect(mailboxes(mail.replyTo)).toEqual(replyTo)
  if (subject !== undefined) expect(mail.subject).toBe(subject ?? undefined)
  // in a multipart the last line end belongs to the boundary
  const shown = wanted.type === 'multipart/mixed' ? mail.text?.replace(/\n?$/, '\n') : mail.text
  if (text instanceof RegExp) expect(shown ?? '').toMatch(text)
  else if (text !== undefined) expect(shown).toBe(text)
  if (html !== undefined) expect(mail.html).toBe(html)
}

function expectParts(mail: ParsedMail, wanted: MailCase): void {
  const type = mail.headers.get('content-type') as { value: string; params: Record<string, string> }
  expect(type.value).toBe(wanted.type ?? 'text/plain')
  if (wanted.charset !== undefined) expect(type.params['charset']).toMatch(wanted.charset)
  const files = mail.attachments.map(({ filename: name, contentType, content }) => ({
    name,
    type: contentType,
    content: content.toString('latin1'),
  }))
  expect(files).toEqual(
    (wanted.attachments ?? []).map((each) => ({ ...each, content: each.content.toString('latin1') })),
  )
}

/** Compares the message that the server got. */
async function expectMessage(data: Buffer, wanted: MailCase): Promise<void> {
  const header = expectSound(data)
  for (const line of wanted.lines ?? [])
    expect(header.split('\r\n').filter((each) => each === line)).toEqual([line])
  if (wanted.header !== undefined) expect(header).toMatch(wanted.header)
  if (wanted.notInHeader !== undefined) expect(header).not.toMatch(wanted.notInHeader)
  if (wanted.nowhere !== undefined) expect(data.toString('latin1')).not.toMatch(wanted.nowhere)
  const mail = await simpleParser(data)
  expectFields(mail, wanted)
  expectParts(mail, wanted)
}

function expectOutcome(result: CommandResult, wanted: MailCase): void {
  const { code = 0 } = wanted
  const ended = { code: result.code, signal: result.signal, stderr: result.stderr }
  const stderr =
    wanted.stderr === undefined ? '' : (expect.stringMatching(wanted.stderr) as unknown as string)
  if (typeof code === 'number') expect(ended).toEqual({ code, signal: null, stderr })
  else
    expect({ ...ended, code: code.includes(result.code ?? -1) }).toEqual({ code: true, signal: null, stderr })
  expect(result.stderr).not.toMatch(/^\s+at /m)
  if (wanted.stdout instanceof RegExp) expect(result.stdout).toMatch(wanted.stdout)
  else expect(result.stdout).toBe(wanted.stdout ?? '')
}

/** Files of the home directory must be those of the case, each only for its owner. */
function expectHome(site: MailSite, wanted: Readonly<Record<string, RegExp>>): void {
  const home = join(site.directory, 'home')
  expect(readdirSync(home).toSorted()).toEqual(Object.keys(wanted).toSorted())
  for (const [name, pattern] of Object.entries(wanted)) {
    expect(readFileSync(join(home, name), 'utf8')).toMatch(pattern)
    expect(statSync(join(home, name)).mode & 0o777).toBe(0o600)
  }
}

/** Compares all that can be seen after the command has ended. */
export async function expectCase(site: MailSite, result: CommandResult, wanted: MailCase): Promise<void> {
  expectOutcome(result, wanted)
  const { recipients = ['a@x.org'], sender = SENDER } = wanted
  const envelopes = site.received.map(({ mailFrom, rcptTo }) => ({ mailFrom, rcptTo: rcptTo.toSorted() }))
  expect(envelopes).toEqual(
    recipients.length === 0 ? [] : [{ mailFrom: sender, rcptTo: recipients.toSorted() }],
  )
  for (const { data } of site.received) await expectMessage(data, wanted)
  expect(site.queue()).toEqual(wanted.queue ?? [])
  expectHome(site, wanted.home ?? {})
}

/** Runs one case. */
export async function runCase(wanted: MailCase, program?: string): Promise<MailSite> {
  const site = await openMailSite(wanted.settings, wanted.script)
  await expectCase(site, await runMail(site, wanted, program), wanted)
  return site
}

/** A test for each case. */
export function testCases(cases: readonly MailCase[]): void {
  it.each(cases.map((each) => [each.name, each] as const))('%s', async (_, wanted) => {
    await runCase(wanted)
  })
}
