/**
 * Starts a bundled command with the code cache that the build made for this version of Node, so that V8 need not
 * compile it again. V8 checks the cache; without a fitting one the command starts a little slower, that is all.
 * The build copies this file beside the bundles.
 */
'use strict'
const { readFileSync } = require('node:fs')
const { Script } = require('node:vm')

// On Node 20 a script that comes from a cache cannot import by itself: the build writes __import( for import(.
const importModule = (specifier) => import(specifier)

/** Compiles the bundle of a command; `run` runs it as a CommonJS module of this folder. */
function load(name) {
  const filename = `${__dirname}/${name}.cjs`
  const code = readFileSync(filename, 'latin1')
  // V8 compares no more than the length of the code: the digest in its first line makes the cache its own.
  const digest = code.slice(3, 19)
  const cacheFile = `${__dirname}/${name}.${digest}.${process.version}-${process.arch}.cache`
  let cachedData
  try {
    cachedData = readFileSync(cacheFile)
  } catch {
    // made by another version of Node, or not at all
  }
  const wrapped = `(function(exports,require,module,__filename,__dirname,__import){${code}\n})`
  const script = new Script(wrapped, { filename, cachedData })
  const run = () => {
    const module = { exports: {} }
    script.runInThisContext()(module.exports, require, module, filename, __dirname, importModule)
  }
  return { script, run, cacheFile }
}

module.exports = { load, start: (name) => load(name).run() }
