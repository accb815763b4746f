/**
 * Builds dist/: the library (tsc, ES modules with types) and one bundled CommonJS file a command (esbuild), both
 * at the same time. A bundle because start-up is what the user of a sendmail feels: it reads one file instead of a
 * hundred, and CommonJS starts faster than ES modules on Node 20. Ends with exit code 1 when anything failed,
 * and only writes dist/.built, which scripts/prepare.mjs looks at, when nothing did.
 *
 *     node scripts/build.mjs [--commands-only]
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const COMMANDS = ['sendmail', 'mail', 'run', 'send-test', 'queue']
/** Loaded from node_modules, and only when a call needs them. */
const EXTERNAL = ['pino', 'mailparser', 'fast-glob']
/** import.meta does not exist in CommonJS; this gives the bundles the same address. */
const BANNER = '"use strict";var __moduleUrl=require("node:url").pathToFileURL(__filename).href;'

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

async function buildCommands() {
  const target = join(root, 'dist', 'commands')
  // Built beside and renamed into place: a command that starts meanwhile finds the old file or the new one.
  const outdir = join(root, 'dist', `.commands-${process.pid}`)
  const entries = entryPoints()
  if (entries.length === 0) return true
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  try {
    const { metafile } = await build({
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
      banner: { js: BANNER },
      define: { __VERSION__: JSON.stringify(version), 'import.meta.url': '__moduleUrl' },
      metafile: true,
    })
    writeFileSync(
      join(outdir, 'THIRD-PARTY-LICENSES.txt'),
      licences(Object.keys(metafile.inputs)).join(`\n${'-'.repeat(78)}\n\n`),
    )
    mkdirSync(target, { recursive: true })
    for (const name of readdirSync(outdir)) renameSync(join(outdir, name), join(target, name))
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
