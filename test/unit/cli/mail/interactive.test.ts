/**
 * Promises of src/cli/mail/interactive.ts and tilde-escapes.ts, with a script of what happens on the terminal. What a
 * real terminal does is in test/integration/cli/mail/interactive.test.ts.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { asked, typeMail, type Asking, type Typed } from '../../../../src/cli/mail/interactive.ts'
import { draft } from '../../../../src/cli/mail/letter.ts'

let home: string

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'mq-typing-'))
})

afterAll(() => rmSync(home, { recursive: true }))

/** Lines, and in their places the kinds of other events. */
type Script = readonly (string | Buffer)[]

const isSignal = (step: string | Buffer): step is 'end' | 'interrupt' | 'hangup' =>
  step === 'end' || step === 'interrupt' || step === 'hangup'

/** Plays a script. What is typed after its last step is a hangup. */
async function play(script: Script, asking: Partial<Asking> = {}) {
  const steps = [...script]
  const kept: Typed[] = []
  let shown = ''
  let closed = 0
  const usual = { to: ['a@h.example'], cc: [], bcc: [], askCc: false, askBcc: false, ignoreInterrupts: false }
  const result = await typeMail(
    {
      ...{ ...usual, subject: 'S', askSubject: true, dotEnds: true, home },
      keep: async (letter) => void kept.push(letter),
      ...asking,
    },
    { print: (text) => void (shown += text) },
    {
      next: async () => {
        const step = steps.shift() ?? 'hangup'
        return isSignal(step) ? { kind: step } : { kind: 'line', bytes: Buffer.from(step) }
      },
      close: () => void (closed += 1),
    },
  )
  expect({ closed, untouched: steps }).toEqual({ closed: 1, untouched: [] })
  const typed = result === 'abandoned' ? undefined : { ...result, body: result.body.toString('latin1') }
  return { result, typed, kept, shown }
}

describe('a mail that is typed', () => {
  it('has the subject that is asked for, and ends with ^D', async () => {
    const { typed, shown } = await play(['Subj', ' body', 'end'], { subject: undefined })
    expect(typed).toEqual({ subject: 'Subj', to: ['a@h.example'], cc: [], bcc: [], body: ' body\n' })
    expect(shown).toBe('Subject: EOT\n')
  })

  it('is not asked for a subject that was given, or that nobody wants to be asked for', async () => {
    expect(await play(['body', 'end'])).toMatchObject({ typed: { subject: 'S' }, shown: 'EOT\n' })
    const { typed, shown } = await play(['body', 'end'], { subject: undefined, askSubject: false })
    expect([typed?.subject, shown]).toEqual([undefined, 'EOT\n'])
  })

  it('has no subject after an empty answer or ^D', async () => {
    for (const answer of ['', 'end']) {
      const { typed } = await play([answer, 'body', 'end'], { subject: undefined })
      expect(typed).toEqual({ to: ['a@h.example'], cc: [], bcc: [], body: 'body\n' })
    }
  })

  it('ends with a lone dot where dots end mail, and nowhere else', async () => {
    const { typed, shown } = await play(['a', '..', ' .', '.'])
    expect([typed?.body, shown]).toEqual(['a\n..\n .\n', 'EOT\n'])
    expect((await play(['a', '.', 'b', 'end'], { dotEnds: false })).typed?.body).toBe('a\n.\nb\n')
  })

  it('is asked for more recipients of copies after the body, behind those that were given', async () => {
    const given = { cc: ['c@h.example'], askCc: true, askBcc: true }
    const { typed, shown } = await play(['body', '.', 'd@h.example, e@h.example', ''], given)
    expect(typed).toMatchObject({ cc: ['c@h.example', 'd@h.example, e@h.example'], bcc: [] })
    expect(shown).toBe('Cc: c@h.example, Bcc: ')
  })

  it('keeps bytes that are no UTF-8, and may be empty', async () => {
    const line = Buffer.from([0xe4, 0x7e, 0xff])
    expect((await play([line, Buffer.from([0x7e, 0x7e, 0xe4]), 'end'])).typed?.body).toBe(
      '\xe4~\xff\n~\xe4\n',
    )
    expect((await play(['end'])).typed?.body).toBe('')
  })
})

describe('what is asked for', () => {
  it('is what the variables say', () => {
    const none = { askSubject: false, askCc: false, askBcc: false, dotEnds: false }
    expect(asked(new Map())).toEqual(none)
    expect(asked(new Map([['asksub', true] as const, ['dot', true] as const]))).toEqual({
      ...{ ...none, askSubject: true, dotEnds: true },
    })
    expect(asked(new Map([['askcc', true] as const, ['askbcc', true] as const]))).toEqual({
      ...{ ...none, askCc: true, askBcc: true },
    })
  })
})

describe('an interrupt', () => {
  const NOTICE = '\n(Interrupt -- one more to kill letter)\n'

  it('is forgiven once, and asks again', async () => {
    const script: Script = ['interrupt', 'Subj', 'one', 'interrupt', 'two', 'interrupt', 'three', 'end']
    const { typed, shown, kept } = await play(script, { subject: undefined })
    expect(typed).toMatchObject({ subject: 'Subj', body: 'one\ntwo\nthree\n' })
    expect(shown).toBe(`Subject: ${NOTICE}Subject: ${NOTICE}${NOTICE}EOT\n`)
    expect(kept).toEqual([])
  })

  it('that comes twice breaks off, and what was typed is kept', async () => {
    const { result, shown, kept } = await play(['body', 'interrupt', 'interrupt'])
    expect([result, shown]).toEqual(['abandoned', `${NOTICE}\n`])
    expect(kept).toEqual([
      { subject: 'S', to: ['a@h.example'], cc: [], bcc: [], body: Buffer.from('body\n') },
    ])
  })

  it('breaks off at a prompt after the body as well, and keeps nothing where nothing was typed', async () => {
    const after = await play(['body', '.', 'interrupt', 'interrupt'], { askCc: true })
    expect([after.result, after.kept.length]).toEqual(['abandoned', 1])
    const before = await play(['interrupt', 'interrupt'], { subject: undefined })
    expect([before.result, before.kept]).toEqual(['abandoned', []])
  })

  it('has no effect where it is ignored', async () => {
    const script: Script = ['a', 'interrupt', 'interrupt', 'interrupt', 'b', 'end']
    expect((await play(script, { ignoreInterrupts: true })).typed?.body).toBe('a\nb\n')
  })
})

describe('a letter that cannot be finished', () => {
  it('is kept when the terminal goes away', async () => {
    const { result, kept } = await play(['body', 'hangup'])
    expect([result, kept.map(({ body }) => body.toString())]).toEqual(['abandoned', ['body\n']])
  })

  it('says why it could not be kept', async () => {
    const keep = () => Promise.reject(new Error('no room'))
    await expect(play(['body', 'hangup'], { keep })).rejects.toThrow('no room')
  })

  it('is kept as a message with the fields as they were typed', async () => {
    const { kept } = await play(['Grüße', '~b b@h.example', '~t "Bob B" <c@h.example>', '~q'])
    expect(kept.map((letter) => draft(letter).toString())).toEqual([
      'To: a@h.example, "Bob B" <c@h.example>\nBcc: b@h.example\nSubject: S\nMIME-Version: 1.0\n' +
        'Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nGrüße\n',
    ])
  })
})

describe('a line with a tilde', () => {
  it('ends the mail, breaks it off, or throws it away', async () => {
    expect((await play(['a', '~.'])).typed?.body).toBe('a\n')
    expect(await play(['a', '~q'])).toMatchObject({ result: 'abandoned', kept: [{ subject: 'S' }] })
    expect(await play(['a', '~x'])).toMatchObject({ result: 'abandoned', kept: [] })
  })

  it('sets the subject and adds recipients, with and without a blank', async () => {
    const script: Script = [
      '~sNew one ',
      '~t b@h.example',
      '~cc@h.example',
      '~b d@h.example e@h.example',
      '~t',
    ]
    expect((await play([...script, '~.'])).typed).toEqual({
      subject: 'New one',
      to: ['a@h.example', 'b@h.example'],
      cc: ['c@h.example'],
      bcc: ['d@h.example e@h.example'],
      body: '',
    })
    expect((await play(['~s', '~.'])).typed).not.toHaveProperty('subject')
  })

  it('stands for itself when there are two', async () => {
    expect((await play(['~~', '~~q', ' ~q', '~.'])).typed?.body).toBe('~\n~q\n ~q\n')
  })

  it('takes in the text of a file', async () => {
    writeFileSync(join(home, 'note'), Buffer.from('one\n.\n~q\n\xe4', 'latin1'))
    writeFileSync(join(home, 'empty'), '')
    spawnSync('mkfifo', [join(home, 'fifo')])
    const { typed, shown } = await play(['~r ~/note', '~r ~/empty', '~r', '~r ~/fifo', '~r /nonexist', '~.'])
    expect(typed?.body).toBe('one\n.\n~q\n\xe4\n')
    expect(shown).toBe(
      '"~/note" 3/10\n"~/empty" 0/0\nName the file: ~r FILE\n"~/fifo" is not read: it is not a regular file\n' +
        `"/nonexist" is not read: ENOENT: no such file or directory, open '/nonexist'\nEOT\n`,
    )
  })

  it('runs no command in the name of a file', async () => {
    const { typed, shown } = await play(['~r !touch pwned', '~r `touch pwned`', '~.'])
    expect(typed?.body).toBe('')
    expect(shown.match(/is not read: ENOENT/g)).toHaveLength(2)
  })

  it('shows the mail so far', async () => {
    const { shown } = await play(['one', '~c c@h.example', '~p', '~.'])
    expect(shown).toBe(
      '-------\nMessage contains:\nTo: a@h.example\nCc: c@h.example\nSubject: S\n\none\n(continue)\nEOT\n',
    )
  })

  it('asks for more recipients and another subject', async () => {
    const script: Script = ['~h', 'b@h.example', 'New', '', 'd@h.example', 'body', '~h', '', '', '', '', '.']
    const { typed, shown } = await play(script)
    expect(typed).toEqual({
      ...{ subject: 'New', to: ['a@h.example', 'b@h.example'], cc: [], bcc: ['d@h.example'] },
      body: 'body\n',
    })
    expect(shown).toBe(
      'To: a@h.example, Subject (now: S): Cc: Bcc: (continue)\n' +
        'To: a@h.example, b@h.example, Subject (now: New): Cc: Bcc: d@h.example, (continue)\nEOT\n',
    )
  })

  it('shows what there is', async () => {
    const { shown } = await play(['~?', '~.'])
    expect(shown.match(/^~\S/gm)).toHaveLength(12)
    expect(shown).toContain('~r FILE      take the text of a file into the message\n')
  })

  it.each([
    ['~!touch pwned', '~!...'],
    ['~| fmt', '~|...'],
    ['~<!touch pwned', '~<...'],
    ['~:set x', '~:...'],
    ['~_x', '~_...'],
    ['~e', '~e'],
    ['~', '~'],
    ['~\u{1f600}', '~\u{1f600}'],
    ['~.5 km away', '~....'],
    ['~x files', '~x...'],
  ])('that says %s is not supported, and no part of the mail', async (line, named) => {
    const { typed, shown } = await play([line, 'b', '.'])
    expect(typed?.body).toBe('b\n')
    expect(shown).toBe(`${named} is not supported; ~? shows what is, and ~~ begins a line with ~\nEOT\n`)
  })
})
