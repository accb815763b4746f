/** Promises of src/cli/mail/interactive.ts and terminal-input.ts on a real terminal. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { converse, HAS_TERMINAL, KEYS, type Exchange } from '../../../helpers/pseudo-terminal.ts'
import { bundle, source } from '../../../helpers/bundle.ts'

const { end, interrupt } = KEYS
const NOTICE = '(Interrupt -- one more to kill letter)'

/** Types a mail and reports it on descriptor 3, as JSON. */
const PROGRAM = `
import { writeSync } from 'node:fs'
import { saveDeadLetter } from ${source('cli/mail/dead-letter.ts')}
import { typeMail } from ${source('cli/mail/interactive.ts')}
import { draft } from ${source('cli/mail/letter.ts')}
import { openTerminalInput } from ${source('cli/mail/terminal-input.ts')}

const place = { env: process.env, home: process.env.HOME }
const asking = {
  ...{ subject: undefined, to: ['a@h.example'], cc: [], bcc: [], askSubject: true, askBcc: false },
  ...{ askCc: false, dotEnds: true, ignoreInterrupts: false, home: place.home },
  keep: async (letter) => void (await saveDeadLetter(draft(letter), place)),
  ...JSON.parse(process.env.ASKING),
}
const print = (text) => {
  if (text.includes(process.env.KILL_AT)) process.kill(process.pid, 'SIGTERM')
  try {
    writeSync(1, text)
  } catch {
    // The terminal is gone.
  }
}
const result = await typeMail(asking, { print }, openTerminalInput())
const report = result === 'abandoned' ? result : { ...result, body: result.body.toString('latin1') }
writeSync(3, JSON.stringify(report))
process.exit(result === 'abandoned' ? 1 : 0)
`

let root: string
let program: string

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'mq-terminal-'))
  program = bundle(PROGRAM, root)
})

afterAll(() => rmSync(root, { recursive: true }))

/** Types a mail in a home directory of its own. */
async function type(exchanges: readonly Exchange[], asking: object = {}, through = '', killAt = 'nowhere') {
  const home = mkdtempSync(join(root, 'home-'))
  // The shell has to outlive ^C to tell the exit code.
  const command = `trap : INT; stty -g; ${through} '${process.execPath}' '${program}'; code=$?; stty -g; exit $code`
  const result = await converse(command, exchanges, {
    HOME: home,
    ASKING: JSON.stringify(asking),
    KILL_AT: killAt,
  })
  const dead = join(home, 'dead.letter')
  const modes = result.screen.match(/^[0-9a-f]+(?::[0-9a-f]+)+\r?$/gm) ?? []
  return {
    ...result,
    screen: result.screen.replaceAll('\r\n', '\n'),
    /** Whether the terminal was left as it had been. */
    restored: modes.length === 2 && modes[0] === modes[1],
    deadLetter: existsSync(dead) ? readFileSync(dead, 'utf8') : undefined,
    mail: result.report === '' || result.report === '"abandoned"' ? result.report : asMail(result.report),
  }
}

const asMail = (report: string): unknown => JSON.parse(report)

describe.skipIf(!HAS_TERMINAL)('a person at a terminal', () => {
  it('is asked for the subject, types a body, and ends it with ^D', async () => {
    const typed = await type([
      ['Subject: ', 'Subj\n'],
      ['Subj', ` body\n${end}`],
    ])
    expect(typed).toMatchObject({
      code: 0,
      mail: { subject: 'Subj', to: ['a@h.example'], body: ' body\n' },
      restored: true,
      deadLetter: undefined,
    })
    expect(typed.screen).toMatch(/^Subject: Subj\n body\nEOT\n/m)
  })

  it('ends a mail with a lone dot, and is asked for recipients of copies after ^D and after a dot', async () => {
    const dot = await type([['Subject: ', 'S\nbody\n.\n']])
    expect(dot).toMatchObject({ code: 0, mail: { body: 'body\n' }, restored: true })
    for (const last of ['.\n', end]) {
      const asked = await type(
        [
          ['Subject: ', `S\nbody\n${last}`],
          ['Cc: ', 'c@h.example\n'],
        ],
        { askCc: true },
      )
      expect(asked).toMatchObject({ code: 0, mail: { cc: ['c@h.example'], body: 'body\n' } })
      expect(asked.screen).not.toContain('EOT')
    }
  })

  it('may press ^D at each prompt, and twice behind a line without an end', async () => {
    const typed = await type(
      [
        ['Subject: ', end],
        ['\n', `half${end}${end}`],
        ['Cc: ', end],
      ],
      { askCc: true },
    )
    expect(typed).toMatchObject({ code: 0, mail: { body: 'half\n', cc: [] }, restored: true })
    expect(typed.mail).not.toHaveProperty('subject')
  })

  it('edits a line as the terminal does, and writes in any language', async () => {
    const typed = await type([['Subject: ', `Grü\x15Grüße\nwrong\x15日本 x\x7fy\n.\n`]])
    const body = Buffer.from('日本 y\n').toString('latin1')
    expect(typed).toMatchObject({ code: 0, mail: { subject: 'Grüße', body } })
  })

  it('loses only the line with the first ^C, and the mail with the second', async () => {
    // ^C takes back whatever nobody has read: ~p shows that the lines were.
    const once = await type([
      ['Subject: ', 'S\nbody\n~p\n'],
      ['(continue)', `half${interrupt}`],
      [NOTICE, 'more\n.\n'],
    ])
    expect(once).toMatchObject({ code: 0, mail: { body: 'body\nmore\n' }, deadLetter: undefined })
    const twice = await type([
      ['Subject: ', 'S\nbody\n~p\n'],
      ['(continue)', interrupt],
      [NOTICE, interrupt],
    ])
    expect(twice).toMatchObject({ code: 1, report: '"abandoned"', restored: true })
    expect(twice.deadLetter).toMatch(/^From .*\nTo: a@h\.example\nSubject: S\n[^]*\n\nbody\n\n$/)
  })

  it('throws a mail away with ~x, and keeps it with ~q', async () => {
    const thrown = await type([['Subject: ', 'S\nbody\n~x\n']])
    expect(thrown).toMatchObject({ code: 1, report: '"abandoned"', restored: true, deadLetter: undefined })
    const kept = await type([['Subject: ', 'S\nbody\n~q\n']])
    expect(kept).toMatchObject({ code: 1, report: '"abandoned"', restored: true })
    expect(kept.deadLetter).toContain('\n\nbody\n\n')
  })
})

describe.skipIf(!HAS_TERMINAL)('a terminal that goes away', () => {
  it.each([
    ['with a signal', ''],
    ['without a signal, as an end of input', 'setsid -w'],
  ])('%s leaves the mail as a dead letter, and sends nothing', async (_, through) => {
    const typed = await type(
      [
        ['Subject: ', 'S\nbody\n~p\n'],
        ['(continue)', 'hangup'],
      ],
      {},
      through,
    )
    expect(typed.report).toBe('"abandoned"')
    expect(typed.deadLetter).toContain('\n\nbody\n\n')
  })
})

describe.skipIf(!HAS_TERMINAL)('a process that is asked to end', () => {
  it('leaves the mail as a dead letter, and sends nothing', async () => {
    const typed = await type([['Subject: ', 'S\nbody\n~p\n']], {}, '', '(continue)')
    expect(typed).toMatchObject({ code: 1, report: '"abandoned"', restored: true })
    expect(typed.deadLetter).toContain('\n\nbody\n\n')
  })
})
