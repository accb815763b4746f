/**
 * Starts a bundled command. Its packs come with a code cache that the build made for this version of Node, so that V8
 * need not compile them again. V8 checks the cache; without a fitting one the command starts a little slower,
 * that is all. The build copies this file beside the packs.
 */
'use strict'
const { readFileSync } = require('node:fs')
const { Script } = require('node:vm')

const isChunk = (id) => id.startsWith('./')

/** Reads a pack and makes its script. */
function readPack(pack) {
  const filename = `${__dirname}/${pack}.cjs`
  const code = readFileSync(filename, 'latin1')
  // V8 compares no more than the length of the code: the digest in its first line makes the cache its own.
  const cacheFile = `${__dirname}/${pack}.${code.slice(3, 19)}.${process.version}-${process.arch}.cache`
  let cachedData
  try {
    cachedData = readFileSync(cacheFile)
  } catch {
    // made by another version of Node, or not at all
  }
  return { filename, cacheFile, script: new Script(code, { filename, cachedData }) }
}

/** The failure of a command whose files were replaced, or removed, while it ran. */
function replaced(cause) {
  const error = new Error('parts of this program are not there, perhaps because it was just replaced', {
    cause,
  })
  return Object.assign(error, { code: 'EREPLACED' })
}

/** A command by its name. `run` runs it; `packs` has what was read. */
function load(name) {
  const packs = []
  const chunks = new Map()
  let places = {}
  let factories = Object.create(null)

  function open(pack) {
    const opened = readPack(pack)
    packs.push(opened)
    const made = opened.script.runInThisContext()(need, importModule, opened.filename)
    factories = Object.assign(factories, made.modules)
    return made
  }
  function openFor(id) {
    try {
      open(places[id])
    } catch (error) {
      throw replaced(error)
    }
    if (factories[id] === undefined) throw replaced()
  }
  function need(id) {
    if (!isChunk(id)) return require(id)
    const known = chunks.get(id)
    if (known !== undefined) return known.exports
    if (factories[id] === undefined) openFor(id)
    const module = { exports: {} }
    chunks.set(id, module)
    try {
      factories[id](module.exports, module)
    } catch (error) {
      // half made: whoever wants it next must not get it
      chunks.delete(id)
      throw error
    }
    return module.exports
  }
  // On Node 20 a script that comes from a cache cannot import by itself: the build writes __import( for import(.
  const importModule = (id) => import(id)
  const run = () => {
    const { first } = open(name)
    places = first.places
    need(first.main)
  }
  return { run, open, packs }
}

module.exports = { load, start: (name) => load(name).run() }
