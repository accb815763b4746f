/** mq-configure at a terminal: what it asks, and that nothing is left behind when somebody breaks it off. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openConfigureSite, PASSWORD, type ConfigureSite } from '../../../e2e/configure-site.ts'
import { makeCertificates, type TestCertificates } from '../../../helpers/certificates.ts'
import { converse, HAS_TERMINAL, KEYS, type Exchange } from '../../../helpers/pseudo-terminal.ts'
import { BIN } from '../../../helpers/run-command.ts'

let made: TestCertificates
beforeAll(() => {
  made = makeCertificates()
})
afterAll(() => made.remove())

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`

/** The command, and afterwards whether the terminal shows what is typed. */
function commandFor({ args, file }: ConfigureSite, more: readonly string[]): string {
  const words = [process.execPath, join(BIN, 'mq-configure'), ...args, `--output=${file}`, ...more]
  // ^C reaches the shell too.
  return `trap : INT; ${words.map(quoted).join(' ')}; code=$?; stty -a | grep -ow -e '-*echo' -e '-*icanon' -e '-*isig' >&3; exit $code`
}

const SANE = 'icanon echo isig'
const talk = (site: ConfigureSite, exchanges: readonly Exchange[], more: readonly string[] = []) =>
  converse(commandFor(site, more), exchanges, { HOME: site.directory })
const stateOf = (report: string): string[] => report.trim().split('\n').toSorted()
const expectSane = (report: string): void => expect(stateOf(report)).toEqual(SANE.split(' ').toSorted())

describe.skipIf(!HAS_TERMINAL)('at a terminal', () => {
  it('asks for what is missing, and does not show the password', async () => {
    const site = await openConfigureSite(made)
    const { screen, code, report } = await talk(site, [
      ['User name [ann@site.example]: ', '\n'],
      ['1  a password', ''],
      ['Number [1]: ', '1\n'],
      ['Password (not shown): ', `wrong\x15x\x7f${PASSWORD}\r`],
    ])
    expect(screen).not.toMatch(/p;ss|wrong/)
    expect(screen).toContain('OK: localhost:')
    expect(code).toBe(0)
    expectSane(report)
    expect(site.names()).toContain('mailqueue.conf')
  })

  it('asks whether to write what does not work', async () => {
    const site = await openConfigureSite(made)
    const wrong = [
      ['User name', '\n'],
      ['Number', '\n'],
      ['Password', 'wrong\r'],
    ] as const
    const no = await talk(site, [...wrong, ['all the same? [y/N] ', '\n']])
    expect(no.code).toBe(69)
    expect(no.screen).toContain('535 5.7.8 no')
    expect(site.names()).toEqual([])
    const yes = await talk(site, [...wrong, ['all the same? [y/N] ', 'y\n']])
    expect(yes.code).toBe(0)
    expect(site.names()).toContain('mailqueue.conf')
  })

  it('offers OAuth 2.0 first where nothing else is taken, and gives the hint of the provider', async () => {
    const site = await openConfigureSite(made)
    const words = [process.execPath, join(BIN, 'mq-configure'), 'ann@hotmail.com', '--output=-', '--no-login']
    const { screen, code } = await converse(`${words.map(quoted).join(' ')} --no-check`, [
      ['Use smtp-mail.outlook.com, port 587 (Outlook.com / Hotmail)? [Y/n] ', 'y\n'],
    ])
    expect(code).toBe(0)
    expect(screen).toContain('OAuth 2.0 is needed')
    expect(site.names()).toEqual([])
  })

  it.each<[string, readonly Exchange[]]>([
    ['at a question', [['User name', KEYS.interrupt]]],
    [
      'at the password',
      [
        ['User name', '\n'],
        ['Number', '\n'],
        ['Password', `half${KEYS.interrupt}`],
      ],
    ],
    ['at the end of input', [['User name', KEYS.end]]],
    [
      'at the end of input at the password',
      [
        ['User name', '\n'],
        ['Number', '\n'],
        ['Password', KEYS.end],
      ],
    ],
  ])('leaves nothing behind when it is broken off %s', async (_title, exchanges) => {
    const site = await openConfigureSite(made)
    const { screen, code, report } = await talk(site, exchanges)
    expect(code).toBe(75)
    expect(screen).toContain('broken off; nothing was written')
    expectSane(report)
    expect(site.names()).toEqual([])
  })

  it('leaves nothing behind when it is broken off while the server is tried', async () => {
    const site = await openConfigureSite(made, { auth: 'silent' })
    const { code } = await talk(site, [
      ['User name', '\n'],
      ['Number', '\n'],
      ['Password', 'x\r'],
      ['Trying localhost', KEYS.interrupt],
    ])
    expect(code).not.toBe(0)
    expect(site.names()).toEqual([])
  })

  it('shows the password to nobody who looks at the processes', async () => {
    let seen = ''
    const site = await openConfigureSite(made, {
      auth: () => {
        seen = execFileSync('ps', ['axeww', '-o', 'args']).toString()
        return '235 2.7.0 ok'
      },
    })
    const { code } = await talk(site, [
      ['User name', '\n'],
      ['Number', '\n'],
      ['Password', 'hidden-secret\r'],
    ])
    expect(code).toBe(0)
    expect(seen).toContain('mq-configure')
    expect(seen).not.toContain('hidden-secret')
  })
})
