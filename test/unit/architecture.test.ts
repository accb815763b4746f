/**
 * The rules that hold for all of src/, read from the files themselves: who may import whom, where third-party
 * packages come in, who may touch the process, and how long a file may be.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

interface Source {
  /** Relative to the root of the project, such as `src/util/clock.ts`. */
  readonly path: string
  readonly room: string
  readonly text: string
  /** The text without comments. */
  readonly code: string
  /** What it imports, types and late imports included: such as `../util/clock.ts`. */
  readonly imports: readonly string[]
}

function importsOf(code: string): string[] {
  const fixed = code.matchAll(/^(?:import|export)\s[^'"`;]*?\bfrom\s+'([^']+)'/gm)
  const bare = code.matchAll(/^import\s+'([^']+)'/gm)
  const late = code.matchAll(/\bimport\(\s*'([^']+)'\s*[,)]/g)
  return [...fixed, ...bare, ...late].map(([, specifier = '']) => specifier)
}

/** `src/util/clock.ts` is in `util`; `src/index.ts` is a room of its own. */
function roomOf(path: string): string {
  return path.split('/')[1] ?? ''
}

function readSource(path: string): Source {
  const text = readFileSync(join(ROOT, path), 'utf8')
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1')
  return { path, room: roomOf(path), text, code, imports: importsOf(code) }
}

function filesBelow(directory: string): string[] {
  return readdirSync(join(ROOT, directory), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${directory}/${name}`)
    .sort()
}

const SOURCES = filesBelow('src').map(readSource)

/** What each room may import besides itself and, always, `errors` and `util`. */
const MIDDLE = ['message', 'config', 'logging', 'plugins']
const ALL_BUT_CLI = [...MIDDLE, 'queue', 'transport', 'aliases', 'delivery']
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  util: [],
  message: MIDDLE,
  config: MIDDLE,
  logging: MIDDLE,
  plugins: MIDDLE,
  queue: MIDDLE,
  transport: MIDDLE,
  aliases: MIDDLE,
  delivery: ALL_BUT_CLI,
  cli: [...ALL_BUT_CLI, 'index.ts'],
  'index.ts': ALL_BUT_CLI,
}

const THIRD_PARTY =
  /^(commander|ini|proper-lockfile|mailparser|pino|fast-glob|nodemailer\/lib\/(smtp-connection|mail-composer|mime-node|addressparser|well-known\/services\.json))$/

const targetOf = (source: Source, specifier: string): string =>
  posix.join(posix.dirname(source.path), specifier)
const isOwn = (specifier: string): boolean => specifier.startsWith('.')

/** A list of files that import each other in a circle, if there is one that starts here. */
function circleFrom(start: string, graph: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const seen = new Set<string>()
  const walk = (path: string, way: readonly string[]): string[] | undefined => {
    for (const next of graph.get(path) ?? []) {
      if (next === start) return [...way, next]
      if (seen.has(next)) continue
      seen.add(next)
      const circle = walk(next, [...way, next])
      if (circle !== undefined) return circle
    }
    return undefined
  }
  return walk(start, [start])
}

describe('imports', () => {
  it('are found at all', () => {
    expect(SOURCES.length).toBeGreaterThan(10)
    expect(importsOf("import type { A } from './a.ts'\nexport { B } from 'b'\nawait import('c')\n")).toEqual([
      './a.ts',
      'b',
      'c',
    ])
    expect(importsOf("import {\n  a,\n  b,\n} from 'x'\nimport 'y'\n")).toEqual(['x', 'y'])
  })

  it('go in one direction between the rooms', () => {
    const wrong = SOURCES.flatMap((source) =>
      source.imports
        .filter(isOwn)
        .map((specifier) => roomOf(targetOf(source, specifier)))
        .filter((room) => !['errors', 'util', source.room, ...(MAY_IMPORT[source.room] ?? [])].includes(room))
        .map((room) => `${source.path} imports from ${room}`),
    )
    expect(wrong).toEqual([])
  })

  it('stay inside src and carry the extension .ts', () => {
    const wrong = SOURCES.flatMap((source) =>
      source.imports
        .filter(isOwn)
        .map((specifier) => targetOf(source, specifier))
        .filter((target) => !SOURCES.some(({ path }) => path === target))
        .map((target) => `${source.path} imports ${target}`),
    )
    expect(wrong).toEqual([])
  })

  // Who reads one file of a circle has to read them all, whatever it is that closes it: so types count as well.
  it('never run in a circle, types and late imports included', () => {
    const graph = new Map(
      SOURCES.map((source) => [
        source.path,
        source.imports.filter(isOwn).map((specifier) => targetOf(source, specifier)),
      ]),
    )
    expect(SOURCES.map(({ path }) => circleFrom(path, graph)).filter((each) => each !== undefined)).toEqual(
      [],
    )
  })
})

describe('third-party packages', () => {
  const users = new Map<string, Set<string>>()
  for (const { path, imports } of SOURCES) {
    for (const specifier of imports) {
      if (/^(\.|node:)/.test(specifier)) continue
      users.set(specifier, (users.get(specifier) ?? new Set()).add(path))
    }
  }

  it('are only those the project has chosen', () => {
    expect([...users.keys()].filter((specifier) => !THIRD_PARTY.test(specifier))).toEqual([])
  })

  it('each come in through exactly one file', () => {
    const several = [...users].filter(([, paths]) => paths.size > 1).map(([name, paths]) => [name, ...paths])
    expect(several).toEqual([])
  })
})

describe('the process', () => {
  it('has its arguments, standard input and output, and exit code touched by cli only', () => {
    const touching = /\bprocess\s*\.\s*(argv|stdin|stdout|exitCode|exit)\b|\bconsole\.|from 'node:process'/
    const wrong = SOURCES.filter(({ room, code }) => room !== 'cli' && touching.test(code))
    expect(wrong.map(({ path }) => path)).toEqual([])
  })
})

describe('files', () => {
  const lineCount = ({ text }: { text: string }): number => text.split('\n').length - 1

  it('have at most 400 lines, tests included', () => {
    const all = [...SOURCES, ...filesBelow('test').map(readSource)]
    expect(all.filter((each) => lineCount(each) > 400).map(({ path }) => path)).toEqual([])
  })

  it('of src have a median of under 90 lines', () => {
    const counts = SOURCES.map(lineCount).sort((left, right) => left - right)
    expect(counts[Math.floor(counts.length / 2)]).toBeLessThan(90)
  })

  it('of src open with a block comment that says what they promise', () => {
    const wrong = SOURCES.filter(({ text }) => !/^\/\*\*?\s[\s\S]{20,}?\*\//.test(text))
    expect(wrong.map(({ path }) => path)).toEqual([])
  })

  it('of src are named for one thing, not for a grab-bag', () => {
    const names = SOURCES.map(({ path }) => path).filter((path) =>
      /\/(utils?|helpers?|types|common|misc)\.ts$/.test(path),
    )
    expect(names).toEqual([])
  })

  const map = join(ROOT, 'docs', 'ARCHITECTURE.md')
  it.skipIf(!existsSync(map))(
    'of src have one line each in docs/ARCHITECTURE.md, and no other file has',
    () => {
      const named = [...readFileSync(map, 'utf8').matchAll(/^.{0,8}`src\/([\w./-]+\.ts)`/gm)].map(
        ([, name]) => `src/${name}`,
      )
      expect(named.sort()).toEqual(SOURCES.map(({ path }) => path).sort())
    },
  )
})
