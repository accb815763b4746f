/** Every TypeScript example of the documents compiles against the library, under the strict rules of the project. */
import { dirname, join } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { ROOT, textOf } from './pages.ts'

const DOCUMENTS = ['README.md', 'docs/library.md', 'docs/conservative-sending.md']

const IMPORT = `import * as mailqueue from 'mailqueue'`

/** Lines that must not compile, and what the compiler says: a setting is checked before the program runs. */
const WRONG = [
  ['mailqueue.noSuchThing()', "'noSuchThing'"],
  ["mailqueue.mailqueueTransport({ smtp_hostnme: 'x' })", "'smtp_hostnme'"],
  ["mailqueue.smtpTransport({ smtp_host: 'x' })", "'smtp_host'"],
  ['mailqueue.mailqueueTransport({ queue_dir: 5 })', 'number'],
  ['mailqueue.mailqueueTransport({ smtp_port: true })', "'true'"],
  ["mailqueue.mailqueueTransport({ include: 'x' })", "'include'"],
  ["mailqueue.mailqueueTransport({ match_from: 'x' })", "'match_from'"],
  ["void mailqueue.runQueue('/q', { expire: [1] })", 'number[]'],
  ["void mailqueue.runQueue('/q', { accounts: { a: { queue_dir: 'x' } } })", "'queue_dir'"],
] as const

/** What the reader takes besides text. */
const RIGHT = `
mailqueue.mailqueueTransport({ host: 'h', port: '25', smtp_username: undefined, tls: null, log_level: 'debug' })
mailqueue.mailqueueTransport({
  smtp_hostname: 'h',
  smtp_port: 25,
  verp: true,
  srv: 'no',
  expire: 3600,
  submit_max_size: 1000,
  retry: [60, '10m'],
  plugins: './a.mjs',
  fallback: ['a'],
  accounts: { a: { smtp_hostname: 'h', match_from: ['a@x.example'], inherit: 'default' } },
})
const read: mailqueue.MailqueueSettings = JSON.parse('{}')
void mailqueue.runQueue('/q', read)
const account: mailqueue.MailqueueAccount = { user: 'u' }
mailqueue.smtpTransport(account)
`

/** The examples as files that exist in memory only, so that they find the packages of the project. */
function examples(): Map<string, string> {
  const files = new Map<string, string>()
  for (const path of DOCUMENTS) {
    const blocks = [...textOf(path).matchAll(/^```ts\n([\s\S]*?)^```$/gm)]
    for (const [at, [, code = '']] of blocks.entries()) {
      files.set(join(ROOT, dirname(path), `example-${path.replaceAll(/\W/g, '-')}-${at + 1}.ts`), code)
    }
  }
  return files
}

function compilerOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
    config: object
  }
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, ROOT)
  return { ...options, noUnusedLocals: false, paths: { mailqueue: [join(ROOT, 'src/index.ts')] } }
}

/** What the compiler says about the examples themselves. */
function complaints(files: ReadonlyMap<string, string>): string[] {
  const options = compilerOptions()
  const host = ts.createCompilerHost(options)
  const disk = { ...host }
  host.fileExists = (path) => files.has(path) || disk.fileExists(path)
  host.readFile = (path) => files.get(path) ?? disk.readFile(path)
  host.getSourceFile = (path, version, ...rest) => {
    const code = files.get(path)
    return code === undefined
      ? disk.getSourceFile(path, version, ...rest)
      : ts.createSourceFile(path, code, version)
  }
  const program = ts.createProgram([...files.keys()], options, host)
  return [...files.keys()].flatMap((path) => {
    const source = program.getSourceFile(path)
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      ({ messageText }) => `${path}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
    )
  })
}

describe('the examples', () => {
  it('are found in each document', () => {
    const names = [...examples().keys()].join('\n')
    for (const path of DOCUMENTS) expect(names).toContain(`example-${path.replaceAll(/\W/g, '-')}-1.ts`)
  })

  it('compile, and mistakes do not', { timeout: 120_000 }, () => {
    const wrong = WRONG.map(([line], at): [string, string] => [
      join(ROOT, `wrong-${at}.ts`),
      `${IMPORT}\n${line}\n`,
    ])
    const right = `${IMPORT}\n${RIGHT}\n`
    const found = complaints(new Map([...examples(), [join(ROOT, 'right.ts'), right], ...wrong]))
    expect(found.filter((line) => !line.includes('/wrong-'))).toEqual([])
    for (const [at, [line, words]] of WRONG.entries()) {
      const about = found.filter((each) => each.includes(`/wrong-${at}.ts`))
      expect(about, line).toEqual([expect.stringContaining(words)])
    }
  })
})
