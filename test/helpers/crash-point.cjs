/**
 * Loaded into a command with `NODE_OPTIONS=--require`: lets the k-th file operation in a directory kill the
 * process, or fail. Only operations whose path or descriptor lies in that directory count.
 *
 *     MQ_TEST_CRASH_DIR   the directory
 *     MQ_TEST_CRASH_AT    k, from 1; 0 only counts
 *     MQ_TEST_CRASH_HOW   before, after: SIGKILL before or after the call; half: a write writes the first half of
 *                         its bytes, then SIGKILL; any other word, such as ENOSPC: the call fails with that errno
 *     MQ_TEST_CRASH_OPS   regular expression of the operations that count; all when left out
 *     MQ_TEST_CRASH_LOG   file that gets the name of each operation that counts, one a line
 */
'use strict'

const fs = require('node:fs')
const { constants } = require('node:os')
const { resolve, sep } = require('node:path')

const {
  MQ_TEST_CRASH_DIR: given = '',
  MQ_TEST_CRASH_AT: at = '0',
  MQ_TEST_CRASH_HOW: how = 'before',
  MQ_TEST_CRASH_OPS: counted = '',
  MQ_TEST_CRASH_LOG: log,
} = process.env
const directory = resolve(given)
const target = Number(at)
const counts = new RegExp(counted)
const original = { ...fs }
const inside = new Set()
let count = 0

function isInside(where) {
  if (typeof where === 'number') return inside.has(where)
  const path = resolve(String(where))
  return path === directory || path.startsWith(directory + sep)
}

function die() {
  process.kill(process.pid, 'SIGKILL')
}

function failure(name, where) {
  const error = new Error(`${how}: made to fail by the test, ${name} '${where}'`)
  return Object.assign(error, { code: how, errno: -constants.errno[how], syscall: name, path: where })
}

/** What is to happen at this call: undefined for nothing. */
function fate(name, where) {
  if (!isInside(where) || !counts.test(name)) return undefined
  count += 1
  if (log !== undefined) original.appendFileSync(log, `${name}\n`)
  return count === target ? how : undefined
}

function writeHalf(name, args) {
  const [fd, data] = args
  const bytes = name === 'writevSync' ? Buffer.concat(data) : Buffer.from(data)
  original.writeSync(fd, bytes.subarray(0, Math.floor(bytes.length / 2)))
}

function remember(name, args, result) {
  if (name.startsWith('open') && typeof result === 'number' && isInside(args[0])) inside.add(result)
  if (name.startsWith('close')) inside.delete(args[0])
}

function wrapSync(name) {
  const call = original[name]
  fs[name] = function (...args) {
    const what = fate(name, args[0])
    if (what === 'half' && name.startsWith('write')) writeHalf(name, args)
    if (what === 'before' || what === 'half') die()
    if (what !== undefined && what !== 'after') {
      // The kernel closes a descriptor even when it reports an error.
      if (name === 'closeSync') call.apply(fs, args)
      if (name === 'existsSync') return false
      throw failure(name, args[0])
    }
    const result = call.apply(fs, args)
    if (what === 'after') die()
    remember(name, args, result)
    return result
  }
}

function wrapCallback(name) {
  const call = original[name]
  fs[name] = function (...args) {
    const done = args.at(-1)
    if (typeof done !== 'function') return call.apply(fs, args)
    const what = fate(name, args[0])
    if (what === 'before' || what === 'half') die()
    if (what !== undefined && what !== 'after') {
      if (name === 'close') call.call(fs, args[0], () => done(failure(name, args[0])))
      else setImmediate(done, failure(name, args[0]))
      return undefined
    }
    return call.call(fs, ...args.slice(0, -1), (error, ...results) => {
      if (what === 'after') die()
      if (!error) remember(name, args, results[0])
      done(error, ...results)
    })
  }
}

function wrapPromise(name) {
  const call = fs.promises[name]
  fs.promises[name] = async (...args) => {
    const what = fate(name, args[0])
    if (what === 'before' || what === 'half') die()
    if (what !== undefined && what !== 'after') throw failure(name, args[0])
    const result = await call.apply(fs.promises, args)
    if (what === 'after') die()
    return result
  }
}

const SYNC =
  'openSync opendirSync closeSync writeSync writevSync readSync readFileSync fstatSync statSync lstatSync existsSync mkdirSync ' +
  'rmdirSync rmSync renameSync unlinkSync linkSync utimesSync fsyncSync fdatasyncSync ftruncateSync'
const CALLBACK = 'open close read fsync fdatasync mkdir rmdir stat utimes unlink rename'

if (given !== '') {
  for (const name of SYNC.split(' ')) wrapSync(name)
  for (const name of CALLBACK.split(' ')) wrapCallback(name)
  for (const name of ['opendir']) wrapPromise(name)
}
