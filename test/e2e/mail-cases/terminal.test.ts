/** A person at a terminal writes a letter: prompts, the end of it, and how it is given up. */
import { describe, expect, it } from 'vitest'
import type { MailSite } from '../../helpers/mail-site.ts'
import { hasPseudoTerminals, startAtTerminal, type AtTerminal } from '../../helpers/pseudo-terminal.ts'
import { expectCase, mailEnvironment, openMailSite, type MailCase } from './case.ts'

const END_OF_INPUT = '\x04'
const INTERRUPT = '\x03'

/** With -n the mail.rc of the machine, which may ask for more, plays no part. */
const atTerminal = (site: MailSite, args: readonly string[]): AtTerminal =>
  startAtTerminal('mq-mail', args, { config: site.config, env: mailEnvironment(site) })

/** The screen shows both outputs, so only what follows from the mail is compared. */
async function expectMail(site: MailSite, wanted: Omit<MailCase, 'name' | 'args'>): Promise<void> {
  const result = { code: 0, signal: null, stdout: '', stderr: '' }
  await expectCase(site, result, { name: '', args: [], ...wanted })
}

describe.skipIf(!hasPseudoTerminals())('a letter written at a terminal', () => {
  it('A92 begins with the subject, which is asked for, and ends with ^D', async () => {
    const site = await openMailSite()
    const terminal = atTerminal(site, ['-n', 'a@x.org'])
    await terminal.shows(/Subject: $/)
    terminal.type('Subj\n')
    await terminal.shows(/Subject: Subj\n/)
    terminal.type('body\n')
    await terminal.shows(/\nbody\n/)
    terminal.type(END_OF_INPUT)
    expect(await terminal.ended).toMatchObject({ code: 0 })
    await expectMail(site, { lines: ['To: a@x.org', 'Subject: Subj'], text: 'body\n' })
  })

  it('A93 ends with a dot alone', async () => {
    const site = await openMailSite()
    const terminal = atTerminal(site, ['-n', '-s', 'S', 'a@x.org'])
    terminal.type('body\n')
    await terminal.shows(/body\n/)
    terminal.type('.\n')
    const { code, screen } = await terminal.ended
    expect({ code, asked: /Subject:/.test(screen) }).toEqual({ code: 0, asked: false })
    await expectMail(site, { lines: ['Subject: S'], text: 'body\n' })
  })

  it('A94 is given up with two ^C, and what was written is in dead.letter', async () => {
    const site = await openMailSite()
    const terminal = atTerminal(site, ['-n', '-s', 'S', 'a@x.org'])
    // a ^C throws away what was typed and not read yet: ~p shows that the line has been read
    terminal.type('body\n~p\n')
    await terminal.shows(/~p\n[^]*\nbody\n/)
    terminal.type(INTERRUPT)
    await terminal.shows(/interrupt/i)
    terminal.type(INTERRUPT)
    const { code } = await terminal.ended
    expect(code).toBe(75)
    await expectMail(site, { recipients: [], home: { 'dead.letter': /^body$/m } })
  })
})
