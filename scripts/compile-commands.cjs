/**
 * Makes the V8 code caches of bundled commands, for the Node.js that runs this: after an installation and after an upgrade of
 * Node.js. Caches for other versions, and of other commands, are removed. Without caches the commands only start slower, so
 * a failure is one line and exit code 1, and nothing else.
 *
 *     node compile-commands.cjs [DIRECTORY OF THE PACKS, such as dist/commands beside bin/]
 */
'use strict'
const { spawn } = require('node:child_process')
const { readFileSync, readdirSync, rmSync } = require('node:fs')
const { join } = require('node:path')
const { CALLS } = require('./training-calls.cjs')

/** Milliseconds for one command. */
const PATIENCE = 20_000

/**
 * Runs a command in a process of its own, to learn from it; see train-command.cjs.
 *
 * @param outdir where the packs are
 * @param args the task and its arguments
 * @returns whether that succeeded
 */
function train(outdir, name, [task, ...others]) {
  const script = join(__dirname, 'train-command.cjs')
  const command = join(outdir, '..', '..', 'bin', name)
  // Options of a debugger or a coverage tool would make a cache that fits nobody else.
  const env = { ...process.env, NODE_OPTIONS: '', NODE_V8_COVERAGE: undefined }
  const child = spawn(process.execPath, [script, task, command, ...others], {
    env,
    stdio: ['pipe', 'ignore', 'inherit'],
    timeout: PATIENCE,
  })
  child.stdin.on('error', () => undefined)
  child.stdin.end('Subject: x\n\nx\n')
  return new Promise((resolve) => {
    child.on('error', () => resolve(false))
    child.on('close', (code) => resolve(code === 0))
  })
}

/**
 * Makes the caches of one command: each call starts with what V8 has compiled for those before it, and adds what it needs.
 *
 * @param packs the names of its packs
 */
async function makeCaches(outdir, name, packs) {
  for (const call of Object.keys(CALLS[name]))
    if (!(await train(outdir, name, ['cache', call, ...packs]))) return false
  return true
}

function packsOf(outdir, name) {
  const files = readdirSync(outdir).filter((file) => file.endsWith('.cjs'))
  return files.map((file) => file.slice(0, -4)).filter((pack) => pack === name || pack.startsWith(`${name}.`))
}

/** The part of the name of a cache that says what it is made of and for. */
function isFitting(outdir, file) {
  const packs = Object.keys(CALLS).flatMap((name) => packsOf(outdir, name))
  return packs.some((pack) => {
    const digest = readFileSync(join(outdir, `${pack}.cjs`), 'latin1').slice(3, 19)
    return file === `${pack}.${digest}.${process.version}-${process.arch}.cache`
  })
}

async function compileCommands(outdir) {
  for (const file of readdirSync(outdir))
    if (file.endsWith('.cache') && !isFitting(outdir, file)) rmSync(join(outdir, file))
  const made = []
  for (const name of Object.keys(CALLS)) made.push(await makeCaches(outdir, name, packsOf(outdir, name)))
  return !made.includes(false)
}

/** Makes the caches of all commands, and says in one line when that is not possible. */
function main(outdir = join(__dirname, '..', 'dist', 'commands')) {
  const failed = (error) => {
    process.exitCode = 1
    console.error(`mailqueue: no code caches (${error.message}); the commands start slower`)
  }
  compileCommands(outdir).then((done) => {
    if (!done) failed(new Error('a command could not be run'))
  }, failed)
}

module.exports = { train, makeCaches, main }

if (require.main === module) main(process.argv[2])
