/** Every TypeScript example of the documents compiles against the library, under the strict rules of the project. */
import { dirname, join } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { ROOT, textOf } from './pages.ts'

const DOCUMENTS = ['README.md', 'docs/library.md', 'docs/conservative-sending.md']

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

  it('compile', { timeout: 120_000 }, () => {
    const broken = "import { noSuchThing } from 'mailqueue'\nnoSuchThing()\n"
    const found = complaints(new Map([...examples(), [join(ROOT, 'example-broken.ts'), broken]]))
    expect(found.filter((line) => !line.includes('example-broken.ts'))).toEqual([])
    // The one that must not compile shows that the compiler looks at the library.
    expect(found.join('\n')).toContain("'noSuchThing'")
  })
})
