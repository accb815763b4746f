/**
 * Finds the modules of a bundled command in its packs, each of which is read when something of it is needed first. The build
 * puts this function into the first pack of every command, where V8 keeps it compiled like the rest.
 */
'use strict'

/**
 * Makes the `require` of a command's modules.
 *
 * @param outer the `require` of the file in bin/
 * @param read makes the function of a pack
 * @param load a dynamic import: on Node 20 a script that comes from a cache cannot import by itself
 * @param file the path of that file
 * @param places the packs of the modules that are not in the first one
 */
function modulesOf(outer, read, load, file, places) {
  const chunks = new Map()
  const factories = Object.create(null)

  /** The failure of a command whose files were replaced, or removed, while it ran. */
  function replaced(cause) {
    const error = new Error('parts of this program are not there, perhaps because it was just replaced', {
      cause,
    })
    return Object.assign(error, { code: 'EREPLACED' })
  }
  function open(id) {
    try {
      Object.assign(factories, read(places[id])(need, load, file))
    } catch (error) {
      throw replaced(error)
    }
    if (factories[id] === undefined) throw replaced()
  }
  function need(id) {
    if (!id.startsWith('./')) return outer(id)
    const known = chunks.get(id)
    if (known !== undefined) return known.exports
    if (factories[id] === undefined) open(id)
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
  return { need, factories }
}

module.exports = { modulesOf }
