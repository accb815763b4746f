/**
 * Builds dist/: the library (tsc, ES modules with types) and the bundled commands (rolldown), both
 * at the same time. A bundle because start-up is what the user of a sendmail feels: it reads one or two files instead of
 * a hundred, and CommonJS starts faster than ES modules on Node 20. Ends with exit code 1 when anything failed,
 * and only writes dist/.built, which scripts/prepare.mjs looks at, when nothing did.
 *
 *     node scripts/build.mjs [--commands-only]
 */
import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chunksOf, firstPackText, packText } from './bundle.mjs'
import { makeCaches, train } from './compile-commands.cjs'
import { licencesOf, licenceText } from './licences.mjs'
import { CALLS } from './training-calls.cjs'

const root = fileURLToPath(new URL('..', import.meta.url))

/** The modules that a call runs; they are only sorted out for speed, so a failure is none. */
async function modulesRun(outdir, name, call) {
  const file = join(outdir, `${name}.${call}.plan`)
  const learnt = await train(outdir, name, ['plan', call, file])
  try {
    return learnt ? JSON.parse(readFileSync(file, 'utf8')) : []
  } catch {
    return []
  } finally {
    rmSync(file, { force: true })
  }
}

/** The modules of each pack but the last: what the first call runs, and what another runs besides. */
async function groupsOf(outdir, name) {
  const groups = new Map()
  const known = new Set()
  for (const call of Object.keys(CALLS[name])) {
    const modules = (await modulesRun(outdir, name, call)).filter((id) => !known.has(id))
    for (const id of modules) known.add(id)
    if (modules.length > 0) groups.set(call, modules)
  }
  return groups
}

/**
 * Which chunks go into which pack of a command: the first that starts it, one for each other group, the rest. What a chunk
 * needs at once, such as what the bundler adds, goes with it.
 */
function sortChunks(name, { chunks, needs, main }, groups) {
  const remaining = new Map(chunks)
  const take = (pack, ids) => {
    const held = new Map()
    for (const id of ids) {
      if (!remaining.delete(id)) continue
      held.set(id, chunks.get(id))
      ids.push(...needs.get(id))
    }
    return [pack, held]
  }
  const first = take(name, [main])
  const others = [...groups.keys()].map((group) =>
    take(
      `${name}.${group}`,
      [...remaining.keys()].filter((id) => id.startsWith(`./${group}-`)),
    ),
  )
  return [first, ...others.filter(([, held]) => held.size > 0), [`${name}.late`, remaining]]
}

/** Writes the packs of one command, with the caches. */
async function buildCommand(outdir, name, version) {
  const command = name.slice(3)
  const write = (pack, text) => writeFileSync(join(outdir, `${pack}.cjs`), text)
  const whole = await chunksOf(root, command, version)
  write(name, firstPackText(whole.chunks, whole.main, {}))
  const groups = await groupsOf(outdir, name)
  const sorted = await chunksOf(root, command, version, groups)
  const packs = sortChunks(name, sorted, groups)
  const [[, first], ...others] = packs
  const places = Object.fromEntries(
    others.flatMap(([pack, held]) => [...held.keys()].map((id) => [id, pack])),
  )
  write(name, firstPackText(first, sorted.main, places))
  for (const [pack, held] of others) write(pack, packText(held))
  // Without the cache a command only starts slower, so a build that cannot make one goes on.
  const names = packs.map(([pack]) => pack)
  if (!(await makeCaches(outdir, name, names))) console.error(`build: no code cache for ${name}`)
  return whole.inputs
}

async function buildCommands() {
  const target = join(root, 'dist', 'commands')
  // Built beside and renamed into place: a command that starts meanwhile finds the old file or the new one.
  const beside = join(root, 'dist', `.build-${process.pid}`)
  const outdir = join(beside, 'dist', 'commands')
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  try {
    mkdirSync(outdir, { recursive: true })
    cpSync(join(root, 'bin'), join(beside, 'bin'), { recursive: true })
    const inputs = await Promise.all(Object.keys(CALLS).map((name) => buildCommand(outdir, name, version)))
    const licences = licencesOf(root, inputs.flat())
    writeFileSync(join(outdir, 'THIRD-PARTY-LICENSES.txt'), licenceText(licences))
    mkdirSync(target, { recursive: true })
    const fresh = readdirSync(outdir)
    // The first packs last: one that is there finds the others that belong to it.
    fresh.sort((one, other) => other.split('.').length - one.split('.').length)
    for (const name of fresh) renameSync(join(outdir, name), join(target, name))
    for (const name of readdirSync(target)) if (!fresh.includes(name)) rmSync(join(target, name))
    return true
  } catch (error) {
    console.error(error)
    return false
  } finally {
    rmSync(beside, { recursive: true, force: true })
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
