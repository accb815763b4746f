/**
 * Processes of a measurement: programs that are timed, servers that run beside them. A program that does not
 * end with 0 ends the measurement with what it said; servers are ended with the harness.
 */
import { spawn, spawnSync } from 'node:child_process'
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The checkout that is measured. */
export const root = fileURLToPath(new URL('../..', import.meta.url))
/** The sbin directories are where smtp-sink lives, and not in everybody's PATH. */
const path = [dirname(process.execPath), process.env.PATH ?? '', '/usr/sbin', '/usr/local/sbin'].join(
  delimiter,
)
/** Certificates and options of the caller cost every Node process time that has nothing to do with us. */
const NOT_OURS = new Set(['NODE_EXTRA_CA_CERTS', 'NODE_OPTIONS'])
const inherited = Object.entries(process.env).filter(([name]) => !NOT_OURS.has(name))
export const environment = { ...Object.fromEntries(inherited), PATH: path }

/** The path of a command of this checkout. */
export const command = (name) => join(root, 'bin', name)

/** Whether a program is installed. */
export function installed(program) {
  return spawnSync('sh', ['-c', `command -v ${program}`], { env: environment }).status === 0
}

function complain(program, status, stderr) {
  throw new Error(`${program} ended with ${status}: ${stderr.toString().trim()}`)
}

/**
 * Runs a program to its end and measures nothing else.
 *
 * @param input a file for standard input
 * @param expected the exit code it has to end with
 * @returns milliseconds
 */
export function runTimed(program, args, input = '/dev/null', expected = 0) {
  const fd = openSync(input)
  const start = performance.now()
  const { status, signal, error, stderr } = spawnSync(program, args, {
    env: environment,
    stdio: [fd, 'ignore', 'pipe'],
  })
  const took = performance.now() - start
  closeSync(fd)
  if (error !== undefined) throw error
  if (status !== expected) complain(program, status ?? signal, stderr)
  return took
}

/** What the program that has just ended wrote about itself. */
function readUsage(file) {
  const usage = JSON.parse(readFileSync(file, 'utf8'))
  rmSync(file)
  return usage
}

/**
 * Runs a Node program to its end and measures what it used.
 *
 * @param options `input`, a file for standard input; `output`, a file for standard output; `expected` exit code
 * @returns `{ ms, cpu, peak }`: time and processor time in milliseconds, the most memory it held in kB
 */
export function runMeasured(program, args, { input = '/dev/null', output = '/dev/null', expected = 0 } = {}) {
  const usage = join(tmpdir(), `mailqueue-bench-usage-${process.pid}`)
  const require = `--require=${join(import.meta.dirname, 'report-usage.cjs')}`
  const stdio = [openSync(input, 'r'), openSync(output, 'w'), 'pipe']
  return new Promise((resolve, reject) => {
    const start = performance.now()
    const child = spawn(program, args, {
      env: { ...environment, NODE_OPTIONS: require, MQ_BENCH_USAGE: usage },
      stdio,
    })
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text) => (said += text))
    child.once('error', reject)
    child.once('exit', (status, signal) => {
      const ms = performance.now() - start
      if (status === expected) resolve({ ms, ...readUsage(usage) })
      else reject(new Error(`${program} ended with ${status ?? signal}: ${said.trim()}`))
    })
    closeSync(stdio[0])
    closeSync(stdio[1])
  })
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

function answers(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const settle = (result) => {
      socket.destroy()
      resolve(result)
    }
    socket.once('data', () => settle(true))
    socket.once('error', () => settle(false))
  })
}

/** Starts a program that serves a port of this machine, and waits until it does. */
async function startServer(name, program, args, port) {
  const child = spawn(program, args, { env: environment, stdio: ['ignore', 'ignore', 'inherit'] })
  let failure
  child.once('error', (error) => (failure = error))
  child.once('exit', (code) => (failure ??= new Error(`${name} ended with ${code}`)))
  const end = () => child.kill('SIGKILL')
  process.once('exit', end)
  while (!(await answers(port))) {
    if (failure !== undefined) throw failure
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return { name, port, end }
}

/**
 * Starts an SMTP server that takes everything: Postfix's smtp-sink when it is installed, else our own.
 *
 * @returns `{ name, port, end }`
 */
export async function startSink() {
  const port = await freePort()
  const user = process.getuid?.() === 0 ? ['-u', 'nobody'] : []
  return installed('smtp-sink')
    ? startServer('smtp-sink', 'smtp-sink', [...user, `127.0.0.1:${port}`, '1000'], port)
    : startServer('sink.mjs', process.execPath, [join(import.meta.dirname, 'sink.mjs'), `${port}`], port)
}

/**
 * Puts a long way in front of a server.
 *
 * @param delay milliseconds, in each direction
 * @returns `{ name, port, end }`
 */
export async function startProxy(target, delay) {
  const port = await freePort()
  const proxy = join(import.meta.dirname, 'latency-proxy.mjs')
  return startServer('latency proxy', process.execPath, [proxy, port, target, delay].map(String), port)
}
