/** Completion for bash and zsh: what is offered is what the commands know. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MAIL_OPTIONS } from '../../src/cli/mail/options.ts'
import { SENDMAIL_OPTIONS } from '../../src/cli/sendmail/options.ts'
import { ROOT } from '../unit/docs/pages.ts'

const directory = mkdtempSync(join(tmpdir(), 'mailqueue-completion-'))
beforeAll(() => {
  execFileSync(process.execPath, [join(ROOT, 'scripts/completion.mjs'), directory])
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** What bash offers for the last word. */
function offered(words: readonly string[]): string[] {
  const [command = ''] = words
  const script = `. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _${command.replaceAll('-', '_')}
    printf '%s\\n' "\${COMPREPLY[@]}"`
  const args = ['-c', script, 'bash', join(directory, 'bash', command), ...words]
  const { stdout, stderr, status } = spawnSync('bash', args, { cwd: ROOT, encoding: 'utf8' })
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
  return stdout.split('\n').filter(Boolean)
}

describe('bash', () => {
  it('completes options, the names of commands and the options of each', () => {
    expect(offered(['mq-run', '--al'])).toEqual(['--all'])
    expect(offered(['mq-queue', 'rel'])).toEqual(['release'])
    expect(offered(['mq-queue', 'list', '--fai'])).toEqual(['--failed'])
    expect(offered(['mq-queue', 'export', '--fai'])).toEqual([])
  })

  it('completes files where an option takes one, and nothing for other arguments', () => {
    expect(offered(['mq-run', '--config', 'mailqueue.conf.ex'])).toEqual(['mailqueue.conf.example'])
    expect(offered(['mq-run', '-C', 'mailqueue.conf.ex'])).toEqual(['mailqueue.conf.example'])
    expect(offered(['mq-queue', 'list', '--limit', ''])).toEqual([])
  })

  it.each([
    {
      command: 'mq-sendmail',
      rows: SENDMAIL_OPTIONS.filter(({ effect }) => effect !== 'ignored' && effect !== 'refused'),
    },
    {
      command: 'mq-mail',
      rows: MAIL_OPTIONS.filter(({ effect }) => effect !== 'ignored' && effect !== 'refused'),
    },
  ])('completes every long option of $command that does something', ({ command, rows }) => {
    const names = rows.flatMap(({ long }) => (long === undefined ? [] : [`--${long}`]))
    expect(names.length).toBeGreaterThan(20)
    expect(offered([command, '--'])).toEqual(expect.arrayContaining(names))
  })
})

const hasZsh = spawnSync('zsh', ['-c', 'true']).status === 0

describe.skipIf(!hasZsh)('zsh', () => {
  it('understands the completion of each command', () => {
    const names = readdirSync(join(directory, 'zsh'))
    expect(names.length).toBe(readdirSync(join(directory, 'bash')).length)
    for (const name of names) {
      const file = join(directory, 'zsh', name)
      expect(spawnSync('zsh', ['-fn', file], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' })
      expect(readFileSync(file, 'utf8')).toMatch(/^#compdef mq-/)
    }
  })
})
