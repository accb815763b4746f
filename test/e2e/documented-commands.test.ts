/**
 * The commands that the documents show. A block that is marked `sh` is run here, word for word, by a user with a
 * configuration, a queue and a server. Blocks with another word behind `sh` are run by the programs of .ci/ that the table
 * names. A block marked `console` shows what needs another machine; each of its commands is in a list here, with the
 * reason.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startSmtpSink } from '../helpers/smtp-sink.ts'
import { BIN } from '../helpers/run-command.ts'
import { ROOT, textOf } from '../unit/docs/pages.ts'

const PAGES = ['README.md', ...readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`)]

/** Who runs the blocks that are marked so. */
const RUN_BY: Readonly<Record<string, string>> = {
  'first-mail': '.ci/first-mail.mjs',
  debian: '.ci/debian-root-steps.sh',
}

/** Commands that build packages: all are run by .ci/first-mail.mjs and .ci/debian-root.sh. */
const BUILDING = [
  'npm run package:deb',
  'npm ci',
  'npm run build',
  'npm install --global "$(npm pack --silent)"',
]

/** What is not run as it stands there, and why. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  apt: 'changes the machine; .ci/debian-root.sh installs the same packages',
  'mq-configure': 'asks for a password, which .ci/first-mail.mjs types; .ci/debian-root.sh runs it as root',
  systemctl: 'wants a machine that systemd has started',
  'mq-send-test': 'sends to an account at a provider',
  mailq: 'is about the program that is replaced',
  'mq-queue':
    'names messages, accounts and queues that are examples; test/e2e/mq-queue-*.test.ts have such calls',
  'mq-run': 'runs a queue that is an example, or is the line of a crontab',
  echo: 'changes /etc/aliases, or sends to root of the machine; .ci/debian-root.sh sends with mail',
  install: 'makes files of the machine',
  ln: 'makes links in /usr; .ci/interop.sh makes the same',
  printf: 'makes a program in /usr',
  chmod: 'changes a program in /usr',
  crontab: 'opens an editor',
  '*': 'is a line for the editor that crontab opens',
  'PATH=/usr/local/bin:/usr/bin:/bin': 'is a line for the editor that crontab opens',
  npx: 'runs these tests',
  'MAILQUEUE_RIG=long': 'runs these tests',
  npm: 'runs these tests, or the demonstration, which test/e2e/demo.test.ts runs',
}

interface Block {
  readonly page: string
  readonly mark: string
  readonly lines: readonly string[]
}

const BLOCKS: readonly Block[] = PAGES.flatMap((page) =>
  [...textOf(page).matchAll(/^ *```(sh|console)(?: ([\w-]+))?\n([\s\S]*?)^ *```/gm)].map(
    ([, kind = '', word, text = '']) => ({
      page,
      mark: [kind, word].filter(Boolean).join(' '),
      lines: text
        .split('\n')
        .map((line) => line.trim())
        .filter(Boolean),
    }),
  ),
)
const marked = (mark: string): Block[] => BLOCKS.filter((block) => block.mark === mark)

/** Runs lines in a shell that ends at the first that fails. */
function shell(lines: readonly string[], cwd: string, env: NodeJS.ProcessEnv) {
  const child = spawn('sh', ['-eu', '-c', lines.join('\n')], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said += text))
  return new Promise<{ code: number | null; said: string }>((resolve) =>
    child.once('close', (code) => resolve({ code, said })),
  )
}

/** A user with a configuration and the commands in his PATH. */
async function openUser(): Promise<{ home: string; env: NodeJS.ProcessEnv }> {
  const home = mkdtempSync(join(tmpdir(), 'mailqueue-documents-'))
  const sink = await startSmtpSink()
  onTestFinished(async () => {
    await sink.close()
    rmSync(home, { recursive: true, force: true })
  })
  const programs = join(home, 'bin')
  mkdirSync(programs)
  const links = { mailq: 'mq-sendmail', sendmail: 'mq-sendmail', newaliases: 'mq-sendmail', mail: 'mq-mail' }
  for (const name of readdirSync(BIN).filter((each) => each.startsWith('mq-')))
    symlinkSync(join(BIN, name), join(programs, name))
  for (const [link, name] of Object.entries(links)) symlinkSync(join(BIN, name), join(programs, link))
  writeFileSync(
    join(home, '.mailqueue.conf'),
    `[mailqueue]\nsmtp_hostname = 127.0.0.1\nsmtp_port = ${sink.port}\nqueue_dir = ~/.mailqueue\nfrom = ann@site.example\n`,
    { mode: 0o600 },
  )
  mkdirSync(join(home, '.mailqueue'))
  return { home, env: { PATH: `${programs}:${process.env['PATH'] ?? ''}`, HOME: home, LC_ALL: 'C.UTF-8' } }
}

describe('the commands of the documents', () => {
  it('are in blocks whose marks are known', () => {
    const known = ['sh', 'sh package', 'console', ...Object.keys(RUN_BY).map((word) => `sh ${word}`)]
    expect(BLOCKS.length).toBeGreaterThan(10)
    expect(BLOCKS.filter(({ mark }) => !known.includes(mark))).toEqual([])
  })

  it.each(marked('sh').map(({ page, lines }) => ({ page, lines, first: lines[0] })))(
    'work for a user: $page, $first',
    async ({ lines }) => {
      const { home, env } = await openUser()
      const { code, said } = await shell(lines, home, env)
      expect(code, said).toBe(0)
    },
  )

  it('are run by the programs that say so', () => {
    for (const [word, program] of Object.entries(RUN_BY)) {
      expect(marked(`sh ${word}`)).toHaveLength(1)
      expect(textOf(program)).toContain(word)
    }
    for (const { lines } of marked('sh package')) expect(BUILDING).toEqual(expect.arrayContaining([...lines]))
  })

  it('are all in blocks that are marked', () => {
    const command = /^ {4}(mq-[a-z]|mail |ln |npm |install |apt |systemctl |\* \* )(?!.*\[--)/
    const unmarked = PAGES.flatMap((page) =>
      textOf(page)
        .split('\n')
        .filter((line) => command.test(line))
        .map((line) => `${page}: ${line}`),
    )
    expect(unmarked).toEqual([])
  })

  it('are in the list with a reason when they need another machine, and nothing else is', () => {
    const words = marked('console').flatMap(({ lines }) =>
      lines.map((line) => line.replace(/^[#$] /, '').split(' ')[0] ?? ''),
    )
    expect([...new Set(words)].toSorted()).toEqual(Object.keys(ELSEWHERE).toSorted())
  })

  it('of the container are commands of this program, with a configuration that is valid', async () => {
    const page = textOf('docs/installation.md')
    const [, dockerfile = ''] = /^```dockerfile\n([\s\S]*?)^```/m.exec(page) ?? []
    const [, configuration = ''] = /^```ini\n([\s\S]*?)^```/m.exec(page) ?? []
    const named = [...dockerfile.matchAll(/mq-[a-z-]+/g)].map(([name]) => name)
    expect(named.length).toBeGreaterThan(1)
    expect(readdirSync(BIN)).toEqual(expect.arrayContaining(named))
    const { home, env } = await openUser()
    writeFileSync(join(home, 'mailqueue.conf'), configuration)
    const [run = ''] = /^RUN (?:.*\\\n)*.*/m.exec(dockerfile) ?? []
    const commands = run.replace(/^RUN /, '')
    expect(await shell([`sh -nc '${commands}'`], home, env)).toEqual({ code: 0, said: '' })
    const { code, said } = await shell(['mq-sendmail --config mailqueue.conf --print-config'], home, env)
    expect(said).toContain('password_file = /run/secrets/smtp_password\n')
    expect(code).toBe(0)
  })
})
