/**
 * Makes a checkout ready to run: installs the packages when they are not those of package-lock.json, and builds
 * when anything that dist/ is made from is newer than dist/. Silent and quick when there is nothing to do. Uses
 * nothing but Node, so it can be the first command in a fresh clone. Ends with the exit code of what failed.
 */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const BUILT_FROM = [
  'bin',
  'src',
  'scripts',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
]

function lockedPackages(path) {
  try {
    return JSON.parse(readFileSync(join(root, path), 'utf8')).packages
  } catch {
    return undefined
  }
}

/** npm keeps a copy of the lock file in node_modules, without the packages that are for other systems. */
function isInstalled() {
  const wanted = lockedPackages('package-lock.json')
  const present = lockedPackages('node_modules/.package-lock.json')
  if (wanted === undefined || present === undefined) return false
  return Object.entries(wanted).every(([path, { version, optional, peer }]) => {
    if (path === '' || ((optional || peer) && present[path] === undefined)) return true
    return present[path]?.version === version
  })
}

/** The newest change below a path, directories included, so that a deleted file counts too. */
function newest(path) {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats === undefined) return 0
  if (!stats.isDirectory()) return stats.mtimeMs
  return Math.max(stats.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))))
}

/** dist/.built holds the time at which the last complete build began. */
function isBuilt() {
  let began
  try {
    began = Date.parse(readFileSync(join(root, 'dist', '.built'), 'utf8').trim())
  } catch {
    return false
  }
  return BUILT_FROM.every((path) => newest(join(root, path)) <= began)
}

/** Runs one step with its output on stderr; ends this process when it fails. */
function step(what, command, args) {
  console.error(`prepare: ${what}`)
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] })
  if (status === 0) return
  console.error(`prepare: ${what} failed${error ? `: ${error.message}` : ''}`)
  process.exit(status ?? 1)
}

if (!isInstalled()) {
  const npm = process.env.npm_execpath
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund']
  if (npm?.endsWith('.js')) step('installing packages', process.execPath, [npm, ...args])
  else step('installing packages', 'npm', args)
}
if (!isBuilt()) step('building', process.execPath, [join(root, 'scripts', 'build.mjs')])
