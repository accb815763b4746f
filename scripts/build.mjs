/**
 * Builds dist/: the library (tsc, ES modules with types) and one bundled CommonJS file a command (esbuild), both
 * at the same time. A bundle because start-up is what the user of a sendmail feels: it reads one file instead of a
 * hundred, and CommonJS starts faster than ES modules on Node 20. Ends with exit code 1 when anything failed,
 * and only writes dist/.built, which scripts/prepare.mjs looks at, when nothing did.
 *
 *     node scripts/build.mjs [--commands-only]
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const COMMANDS = ['sendmail', 'mail', 'run', 'send-test', 'queue', 'auth', 'configure']
/** Loaded from node_modules, and only when a call needs them. */
const EXTERNAL = ['pino', 'mailparser', 'fast-glob']
/** import.meta does not exist in CommonJS; the file's name serves as well where a module is looked up from. */
const BANNER =
  '"use strict";var __moduleUrl=__filename;var __import=__import||(specifier=>import(specifier));'

/**
 * Parts of Node.js that a bundle loads at their first use instead of at its start: together they cost more time
 * than a whole send, and most calls need few of them.
 */
const LAZY = '(?:node:)?(?:child_process|crypto|dns|fs/promises|http|https|module|net|tls|tty|zlib)'
const LAZY_HELPER =
  'var __lazy=id=>{let m;return new Proxy({},{get:(_,k)=>(m??=require(id),k==="default"?m:m[k])})};'

/** The code of a bundle with late loading, and with imports that also work in a script from a cache. */
function loadLate(code) {
  const later = (_, name, id) => `${name}=__lazy("${id}")`
  return code
    .replace(/(?<![\w$.])import\(/g, '__import(')
    .replace(new RegExp(`(import_[\\w$]+) ?= ?__toESM\\(require\\("(${LAZY})"\\)(?:, ?1)?\\)`, 'g'), later)
    .replace(new RegExp(`(import_[\\w$]+) ?= ?require\\("(${LAZY})"\\)`, 'g'), later)
}

function entryPoints() {
  const found = []
  for (const name of COMMANDS) {
    const path = join(root, 'src', 'cli', `main-${name}.ts`)
    if (existsSync(path)) found.push({ in: path, out: `mq-${name}` })
    else console.error(`build: src/cli/main-${name}.ts does not exist, mq-${name} is not built`)
  }
  return found
}

/** The licences of the packages that the bundles contain: MIT and ISC ask for the notice to go with the code. */
function licences(inputs) {
  const packages = new Set()
  for (const input of inputs) {
    const found = /^(?:.*\/)?(node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)
    if (found) packages.add(found[1])
  }
  return [...packages].sort().map((path) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8'))
    const file = readdirSync(join(root, path)).find((each) => /^licen[cs]e/i.test(each))
    const text = file === undefined ? '' : readFileSync(join(root, path, file), 'utf8').trim()
    return `${name} ${version} (${license})\n\n${text}\n`
  })
}

/** The code behind a first line that names it, for the code cache. */
function withDigest(code) {
  return `// ${createHash('sha256').update(code).digest('hex').slice(0, 16)}\n${code}`
}

/** Without the cache a command only starts slower, so a build that cannot make one goes on. */
function makeCodeCache(outdir, name) {
  const args = [join(root, 'scripts', 'code-cache.cjs'), join(outdir, 'start-command.cjs'), name]
  // Options of a debugger or a coverage tool would make a cache that fits nobody else.
  const env = { ...process.env, NODE_OPTIONS: '', NODE_V8_COVERAGE: undefined }
  const child = spawn(process.execPath, args, { env, stdio: ['pipe', 'ignore', 'inherit'], timeout: 20_000 })
  child.stdin.on('error', () => undefined)
  child.stdin.end('Subject: x\n\nx\n')
  return new Promise((resolve) =>
    child.on('close', (code) => {
      if (code !== 0) console.error(`build: no code cache for ${name}`)
      resolve()
    }),
  )
}

async function buildCommands() {
  const target = join(root, 'dist', 'commands')
  // Built beside and renamed into place: a command that starts meanwhile finds the old file or the new one.
  const outdir = join(root, 'dist', `.commands-${process.pid}`)
  const entries = entryPoints()
  if (entries.length === 0) return true
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  try {
    const { metafile, outputFiles } = await build({
      absWorkingDir: root,
      entryPoints: entries,
      outdir,
      outExtension: { '.js': '.cjs' },
      bundle: true,
      format: 'cjs',
      platform: 'node',
      target: 'node20',
      minifyWhitespace: true,
      minifySyntax: true,
      legalComments: 'eof',
      external: EXTERNAL,
      define: { __VERSION__: JSON.stringify(version), 'import.meta.url': '__moduleUrl' },
      metafile: true,
      write: false,
    })
    mkdirSync(outdir, { recursive: true })
    for (const { path, text } of outputFiles)
      writeFileSync(path, withDigest(BANNER + LAZY_HELPER + loadLate(text)))
    copyFileSync(join(root, 'scripts', 'start-command.cjs'), join(outdir, 'start-command.cjs'))
    await Promise.all(COMMANDS.map((name) => makeCodeCache(outdir, `mq-${name}`)))
    writeFileSync(
      join(outdir, 'THIRD-PARTY-LICENSES.txt'),
      licences(Object.keys(metafile.inputs)).join(`\n${'-'.repeat(78)}\n\n`),
    )
    mkdirSync(target, { recursive: true })
    const fresh = readdirSync(outdir)
    for (const name of fresh) renameSync(join(outdir, name), join(target, name))
    for (const name of readdirSync(target)) if (!fresh.includes(name)) rmSync(join(target, name))
    return true
  } catch (error) {
    // esbuild has printed what is wrong and where
    if (!(error instanceof Error && 'errors' in error)) console.error(error)
    return false
  } finally {
    rmSync(outdir, { recursive: true, force: true })
  }
}

function buildLibrary() {
  rmSync(join(root, 'dist', 'lib'), { recursive: true, force: true })
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const child = spawn(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json')], { stdio: 'inherit' })
  return new Promise((resolve) => child.on('close', (code) => resolve(code === 0)))
}

const stamp = join(root, 'dist', '.built')
const commandsOnly = process.argv.includes('--commands-only')
const started = new Date()
if (!commandsOnly) rmSync(stamp, { force: true })
const results = await Promise.all(commandsOnly ? [buildCommands()] : [buildCommands(), buildLibrary()])
if (results.includes(false)) process.exitCode = 1
else if (!commandsOnly) {
  mkdirSync(join(root, 'dist'), { recursive: true })
  writeFileSync(stamp, `${started.toISOString()}\n`)
}
