/**
 * Loads the plug-ins that the configuration names. A plug-in that is missing, refused, malformed, slow or throws
 * in `setup` is complained about, logged and left out with all its handlers; the others are loaded, and the mail
 * goes on. Loading never rejects.
 */
import { pathToFileURL } from 'node:url'
import { describeError } from '../errors/errno.ts'
import type { Logger } from '../logging/logger.ts'
import { noPlugins, PLUGIN_SIGNALS } from './contract.ts'
import type { Plugin, PluginApi, PluginHooks } from './contract.ts'
import { createHooks, PLUGIN_LIMIT, type Subscription } from './hooks.ts'
import { withLimit } from './limit.ts'
import { notePlugins } from './loaded.ts'
import { locatePlugins, trustedPath } from './locate.ts'

/** What loading needs from its surroundings. */
export interface PluginContext {
  /** Absolute directory that relative paths and package names start from: that of the configuration file. */
  readonly baseDirectory: string
  readonly log: Logger
  /** Gets one line for the user about each plug-in that is left out. */
  readonly complain: (line: string) => void
  /** Milliseconds that loading one plug-in, or one call of a handler, may take; 5000 when left out. */
  readonly limit?: number
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

async function loadModule(path: string): Promise<Subscription[]> {
  const module: unknown = await import(pathToFileURL(trustedPath(path)).href)
  const plugin: unknown =
    typeof module === 'object' && module !== null ? Reflect.get(module, 'default') : undefined
  if (!isPlugin(plugin)) throw new Error('its default export is no object with a name and a function setup')
  const { api, subscriptions, close } = recorder(plugin.name)
  try {
    await plugin.setup(api)
    return subscriptions
  } finally {
    close()
  }
}

/**
 * Loads plug-ins in the order given; what a pattern matches is loaded in byte order, and a file only once.
 *
 * @param specifiers paths, package names or globs
 * @returns what the delivery policy calls
 */
export async function loadPlugins(
  specifiers: readonly string[],
  context: PluginContext,
): Promise<PluginHooks> {
  notePlugins()
  const limit = context.limit ?? PLUGIN_LIMIT
  const leaveOut = (plugin: string, error: unknown): void => {
    const reason = describeError(error)
    context.log.error('plugin.failed', { plugin, reason })
    context.complain(`cannot load the plug-in ${plugin}: ${reason}; going on without it`)
  }
  const files = new Set<string>()
  for (const specifier of specifiers) {
    try {
      for (const path of await locatePlugins(specifier, context.baseDirectory)) files.add(path)
    } catch (error) {
      leaveOut(specifier, error)
    }
  }
  const subscriptions: Subscription[] = []
  for (const path of files) {
    try {
      subscriptions.push(...(await withLimit(() => loadModule(path), limit)))
    } catch (error) {
      leaveOut(path, error)
    }
  }
  return subscriptions.length === 0 ? noPlugins : createHooks(subscriptions, context)
}
