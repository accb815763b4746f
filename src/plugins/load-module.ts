/**
 * Loads one plug-in: its module is imported and set up. Whatever goes wrong is thrown, and what a plug-in opens after it
 * was given up is ended at once.
 */
import { realpathSync, statSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { PLUGIN_SIGNALS } from './contract.ts'
import type { Plugin, PluginApi, PluginEnd } from './contract.ts'
import type { Subscription } from './hooks.ts'
import { withLimit } from './limit.ts'
import { trustedPath } from './locate.ts'

/** A module file as it is now. */
export interface PluginFile {
  /** Absolute. */
  readonly path: string
  /** Another one when the file was written or replaced. */
  readonly stamp: string
}

/** A plug-in that was set up. */
export interface LoadedPlugin extends PluginFile {
  readonly name: string
  readonly subscriptions: readonly Subscription[]
  /** Ends what it opened. */
  readonly end: PluginEnd | undefined
}

/** The names under which files were imported, by their paths: Node.js imports nothing again under the same name. */
const imported = new Map<string, { readonly stamp: string; readonly href: string }>()
let changes = 0

/** @throws the system's error when there is no such file */
export function pluginFile(path: string): PluginFile {
  const real = realpathSync(path)
  const { dev, ino, size, mtimeMs } = statSync(real)
  return { path, stamp: [real, dev, ino, size, mtimeMs].join(' ') }
}

function isPlugin(value: unknown): value is Plugin {
  if (typeof value !== 'object' || value === null) return false
  const name: unknown = Reflect.get(value, 'name')
  return typeof name === 'string' && name !== '' && typeof Reflect.get(value, 'setup') === 'function'
}

function recorder(plugin: string): { api: PluginApi; subscriptions: Subscription[]; close: () => void } {
  const subscriptions: Subscription[] = []
  let open = true
  const on: PluginApi['on'] = (signal, handler) => {
    if (!open) throw new Error('handlers can only be subscribed in setup')
    if (!PLUGIN_SIGNALS.includes(signal)) {
      throw new Error(`there is no signal "${signal}"; there are ${PLUGIN_SIGNALS.join(', ')}`)
    }
    if (typeof handler !== 'function') throw new Error(`the handler of "${signal}" is not a function`)
    subscriptions.push({ plugin, signal, handler })
  }
  return { api: Object.freeze({ on }), subscriptions, close: () => (open = false) }
}

/** A file that was changed, or could not be imported, gets a new name. */
async function importFile({ path, stamp }: PluginFile): Promise<unknown> {
  const { href } = pathToFileURL(trustedPath(path))
  const before = imported.get(href)
  const isNew = before !== undefined && before.stamp !== stamp
  const name = isNew ? `${href}?${String(++changes)}` : (before?.href ?? href)
  imported.set(href, { stamp, href: name })
  try {
    return await import(name)
  } catch (error) {
    imported.set(href, { stamp: '', href: name })
    throw error
  }
}

async function setUp(file: PluginFile): Promise<LoadedPlugin> {
  const module = await importFile(file)
  const plugin: unknown =
    typeof module === 'object' && module !== null ? Reflect.get(module, 'default') : undefined
  if (!isPlugin(plugin)) throw new Error('its default export is no object with a name and a function setup')
  const { api, subscriptions, close } = recorder(plugin.name)
  try {
    const end = await plugin.setup(api)
    return { ...file, name: plugin.name, subscriptions, end: typeof end === 'function' ? end : undefined }
  } finally {
    close()
  }
}

/**
 * Imports and sets up a plug-in.
 *
 * @param limit milliseconds that it may take
 * @throws an Error that says why it cannot be used
 */
export async function loadModule(file: PluginFile, limit: number): Promise<LoadedPlugin> {
  const loading = setUp(file)
  try {
    return await withLimit(() => loading, limit)
  } catch (error) {
    loading.then(({ end }) => end?.()).catch(() => undefined)
    throw error
  }
}
