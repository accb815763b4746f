/** The manual pages have the options that the commands have. */
import { describe, expect, it } from 'vitest'
import { AllDone } from '../../../src/cli/all-done.ts'
import type { Terminal } from '../../../src/cli/exit.ts'
import type { MailEffect, MailOption } from '../../../src/cli/mail/option.ts'
import { MAIL_OPTIONS, mailHelp } from '../../../src/cli/mail/options.ts'
import { FILTERS } from '../../../src/cli/queue/selection.ts'
import { queue } from '../../../src/cli/queue/queue.ts'
import { authCommand } from '../../../src/cli/auth/auth.ts'
import { configureCommand } from '../../../src/cli/configure/configure.ts'
import { run } from '../../../src/cli/run/run.ts'
import { sendTestCommand } from '../../../src/cli/send-test.ts'
import type { SendmailEffect, SendmailOption } from '../../../src/cli/sendmail/option.ts'
import { SENDMAIL_OPTIONS } from '../../../src/cli/sendmail/options.ts'
import { helpFlags, itemsOf, manFlags, section, sentence, textOf, type Flags } from './pages.ts'

/** What a command prints on standard output; it must say nothing else. */
async function printed(command: (terminal: Terminal) => Promise<unknown>, args: string[]): Promise<string> {
  const lines: string[] = []
  const fail = (line: string): never => {
    throw new Error(`unexpected: ${line}`)
  }
  const terminal = {
    program: 'program',
    args,
    env: {},
    interactive: false,
    shown: false,
    print: (text: string) => void lines.push(text),
    guide: (text: string) => void lines.push(text),
    printBytes: (bytes: Buffer) => void lines.push(bytes.toString()),
    complain: fail,
  }
  await expect(command(terminal)).rejects.toBeInstanceOf(AllDone)
  return lines.join('')
}

const byName = (flags: readonly Flags[]): Flags[] =>
  flags.toSorted((a, b) => String(a.names[0]).localeCompare(String(b.names[0])))

describe('mq-sendmail(8)', () => {
  const page = textOf('man/mq-sendmail.8')
  const flagsOf = ({ letter, long, also = [], takes }: SendmailOption): Flags => ({
    names: [
      ...(letter === undefined ? [] : [`-${letter}`]),
      ...(long === undefined ? [] : [`--${long}`]),
      ...also.map((name) => `--${name}`),
    ],
    argument: takes === 'required',
  })
  const withoutWork: readonly SendmailEffect[] = ['ignored', 'refused']

  it('lists every option that does something, with its names and whether it takes an argument', () => {
    const effective = itemsOf(section(page, 'Options'))
    const rows = SENDMAIL_OPTIONS.filter(({ effect }) => !withoutWork.includes(effect))
    expect(rows.length).toBeGreaterThan(30)
    expect(byName(effective.map(manFlags))).toEqual(byName(rows.map(flagsOf)))
  })

  it('and docs/sendmail.md agree about which long options of msmtp there are', () => {
    const known = new Set(SENDMAIL_OPTIONS.flatMap((row) => flagsOf(row).names))
    const table = textOf('docs/sendmail.md').split('## Options of msmtp\n')[1]?.split('\n## ')[0] ?? ''
    const rows = [...table.matchAll(/^\| (.*?) +\| (.*?) +\| (.*?) +\|$/gm)].map(
      ([, options = '', , here = '']) => ({
        names: [...options.matchAll(/--[\w-]*\w/g)].map(([name]) => name),
        missing: here.includes('not there'),
      }),
    )
    const named = (missing: boolean): string[] =>
      rows.flatMap((row) => (row.missing === missing ? row.names : []))
    expect(named(true).length).toBeGreaterThan(5)
    expect(named(true).filter((name) => known.has(name))).toEqual([])
    expect(named(false).length).toBeGreaterThan(3)
    expect(named(false).filter((name) => !known.has(name))).toEqual([])
  })

  it.each([
    { title: 'Options without effect', effect: 'ignored', least: 8 },
    { title: 'Options that are refused', effect: 'refused', least: 4 },
  ])('has all $effect options under "$title", in the words of the table', ({ title, effect, least }) => {
    const rows = SENDMAIL_OPTIONS.filter((row) => row.effect === effect)
    expect(rows.length).toBeGreaterThan(least)
    const expected = rows.map((row) => ({ ...flagsOf(row), text: sentence(row.doc) }))
    const items = itemsOf(section(page, title))
    expect(items.map((item) => ({ ...manFlags(item), text: item.text }))).toEqual(expected)
  })
})

describe('mq-mail(1)', () => {
  const page = textOf('man/mq-mail.1')
  const flagsOf = ({ letter, long, also = [], takes, effect }: MailOption): Flags => ({
    names: [
      ...(letter === undefined ? [] : [`-${letter}`]),
      ...(long === undefined ? [] : [`--${long}`]),
      ...also.map((name) => `--${name}`),
    ],
    argument: takes !== 'none' && effect !== 'refused',
  })
  const withoutWork: readonly MailEffect[] = ['ignored', 'refused']
  const rows = MAIL_OPTIONS.filter(({ effect }) => !withoutWork.includes(effect))

  it('lists every option that does something, with its names and whether it takes an argument', () => {
    expect(rows.length).toBeGreaterThan(30)
    expect(itemsOf(section(page, 'Options')).map(manFlags)).toEqual(rows.map(flagsOf))
  })

  it('and --help list the same', () => {
    const firstNames = (flags: Flags): readonly string[] => flags.names.slice(0, 2)
    const found = helpFlags(mailHelp('mail')).map(({ names }) => names)
    expect(found).toEqual(rows.map((row) => firstNames(flagsOf({ ...row, also: [] }))))
  })

  it.each([
    { title: 'Options without effect', effect: 'ignored', least: 3 },
    { title: 'Options that are refused', effect: 'refused', least: 9 },
  ])('has all $effect options under "$title", in the words of the table', ({ title, effect, least }) => {
    const found = MAIL_OPTIONS.filter((row) => row.effect === effect)
    expect(found.length).toBeGreaterThan(least)
    const expected = found.map((row) => ({ ...flagsOf(row), text: sentence(row.doc) }))
    const items = itemsOf(section(page, title))
    expect(items.map((item) => ({ ...manFlags(item), text: item.text }))).toEqual(expected)
  })
})

describe.each([
  { page: 'mq-run.8', command: run, title: 'DESCRIPTION' },
  { page: 'mq-send-test.1', command: sendTestCommand, title: 'DESCRIPTION' },
  { page: 'mq-auth.1', command: authCommand, title: 'DESCRIPTION' },
  { page: 'mq-configure.1', command: configureCommand, title: 'DESCRIPTION' },
  { page: 'mq-queue.8', command: queue, title: 'Options' },
])('$page', ({ page, command, title }) => {
  it('lists every option that --help lists and no other', async () => {
    const items = itemsOf(section(textOf(`man/${page}`), title)).filter(({ head }) => head.startsWith('Fl '))
    const found = helpFlags(await printed(command, ['--help']))
    expect(found.length).toBeGreaterThan(3)
    expect(byName(items.map(manFlags))).toEqual(byName(found))
  })
})

describe('the commands of mq-queue(8)', () => {
  const items = itemsOf(section(textOf('man/mq-queue.8'), 'Commands'))
  const filterNames = Object.values(FILTERS).map(({ flags }) => flags.split(' ')[0] ?? '')
  const nameOf = (head: string): string => head.split(' ')[1] ?? ''

  it('are those that --help lists', async () => {
    const help = await printed(queue, ['--help'])
    const listed = [...(help.split('Commands:\n')[1] ?? '').matchAll(/^ {2}(\w+)/gm)].map(([, name]) => name)
    expect(items.map(({ head }) => nameOf(head))).toEqual(listed)
  })

  it.each(items)(
    'have the options of their own, and filters where they are said to: $head',
    async ({ head }) => {
      const all = helpFlags(await printed(queue, [nameOf(head), '--help'])).flatMap(({ names }) => names)
      const shown = [...head.matchAll(/Fl Fl (\S+)/g)].map(([, name]) => `--${String(name)}`)
      // import has options of its own with the names of two filters.
      const filters = head.includes('Ar filter') ? filterNames : []
      expect(shown).toEqual(all.filter((name) => name !== '--help' && !filters.includes(name)))
      expect(all).toEqual(expect.arrayContaining([...filters]))
    },
  )

  it('have the filters of the table, in its words', () => {
    const rows = Object.values(FILTERS)
    const found = itemsOf(section(textOf('man/mq-queue.8'), 'Filters'))
    expect(found.map((item) => item.head)).toEqual(
      rows.map(({ flags }) => flags.replace(/^--(\w+) <(\w+)>$/, 'Fl Fl $1 Ar $2')),
    )
    for (const [at, { text }] of found.entries()) expect(text).toContain(sentence(rows[at]?.doc ?? 'none'))
  })
})
