/**
 * Loads the plug-ins that the configuration names, and ends them. A plug-in that is missing, refused, malformed, slow or
 * throws in `setup` is complained about, logged and left out with all its handlers; the others are loaded, and the mail
 * goes on. One that fails when it ends is complained about and logged. Nothing here rejects.
 */
import { describeError } from '../errors/errno.ts'
import type { Complain } from '../logging/complain.ts'
import type { Logger } from '../logging/logger.ts'
import { noPlugins } from './contract.ts'
import type { PluginAction, PluginEvent, PluginHooks, PluginSignal } from './contract.ts'
import { createHooks, PLUGIN_LIMIT } from './hooks.ts'
import { withLimit } from './limit.ts'
import { loadModule, pluginFile, type LoadedPlugin, type PluginFile } from './load-module.ts'
import { notePlugins } from './loaded.ts'
import { locatePlugins } from './locate.ts'

/** What loading needs from its surroundings. */
export interface PluginContext {
  /** Absolute directory that relative paths and package names start from: that of the configuration file. */
  readonly baseDirectory: string
  readonly log: Logger
  /** Gets one line for the user about each plug-in that is left out. */
  readonly complain: Complain
  /** Milliseconds that loading or ending one plug-in, or one call of a handler, may take; 5000 when left out. */
  readonly limit?: number
}

/** Says that a plug-in failed: to the log, and to the user in these words. */
function tell({ log, complain }: PluginContext, plugin: string, error: unknown, words: string[]): void {
  const reason = describeError(error)
  log.error('plugin.failed', { plugin, reason })
  complain(words.join(reason))
}

function leftOut(context: PluginContext, plugin: string, error: unknown): void {
  tell(context, plugin, error, [`cannot load the plug-in ${plugin}: `, '; going on without it'])
}

/** The files to load in their order, each once. */
async function filesOf(specifiers: readonly string[], context: PluginContext): Promise<PluginFile[]> {
  const files = new Map<string, PluginFile>()
  for (const specifier of specifiers) {
    try {
      for (const path of await locatePlugins(specifier, context.baseDirectory))
        files.set(path, files.get(path) ?? pluginFile(path))
    } catch (error) {
      leftOut(context, specifier, error)
    }
  }
  return [...files.values()]
}

/** Has a plug-in end what it opened. */
async function end({ name, end: work }: LoadedPlugin, context: PluginContext): Promise<void> {
  if (work === undefined) return
  try {
    await withLimit(work, context.limit ?? PLUGIN_LIMIT)
  } catch (error) {
    tell(context, name, error, [`plug-in ${name} failed when it was ended: `, ''])
  }
}

/** The plug-ins of a process. They may be exchanged while mail is delivered, which waits as long as that takes. */
export class PluginSet implements PluginHooks {
  #plugins: readonly LoadedPlugin[] = []
  #hooks = noPlugins
  #context: PluginContext | undefined
  #exchange: Promise<void> | undefined
  readonly #running = new Set<Promise<unknown>>()

  /** True when no plug-in is loaded. */
  get isEmpty(): boolean {
    return this.#plugins.length === 0
  }

  async emit(signal: PluginSignal, event: PluginEvent): Promise<PluginAction | undefined> {
    while (this.#exchange !== undefined) await this.#exchange
    if (this.#hooks === noPlugins) return undefined
    const running = this.#hooks.emit(signal, event)
    this.#running.add(running)
    try {
      return await running
    } finally {
      this.#running.delete(running)
    }
  }

  /**
   * Exchanges the plug-ins: those whose files are not named any more, or were changed, are ended before others are set up,
   * which may want the same port. The rest stays as it is.
   *
   * @param specifiers paths, package names or globs, in the order in which the plug-ins are to run
   */
  async use(specifiers: readonly string[], context: PluginContext): Promise<void> {
    while (this.#exchange !== undefined) await this.#exchange
    this.#exchange = this.#change(specifiers, context)
    await this.#exchange
    this.#exchange = undefined
  }

  async close(): Promise<void> {
    if (this.#context !== undefined) await this.use([], this.#context)
  }

  async #change(specifiers: readonly string[], context: PluginContext): Promise<void> {
    this.#context = context
    if (specifiers.length > 0) notePlugins()
    const files = await filesOf(specifiers, context)
    const stays =
      ({ path, stamp }: PluginFile) =>
      (each: PluginFile) =>
        each.path === path && each.stamp === stamp
    const before = this.#plugins
    await Promise.all(this.#running)
    await Promise.all(before.filter((each) => !files.some(stays(each))).map((each) => end(each, context)))
    const plugins: LoadedPlugin[] = []
    for (const file of files) {
      try {
        const limit = context.limit ?? PLUGIN_LIMIT
        plugins.push(before.find(stays(file)) ?? (await loadModule(file, limit)))
      } catch (error) {
        leftOut(context, file.path, error)
      }
    }
    this.#plugins = plugins
    const subscriptions = plugins.flatMap((plugin) => plugin.subscriptions)
    this.#hooks = subscriptions.length === 0 ? noPlugins : createHooks(subscriptions, context)
  }
}

/**
 * Loads plug-ins in the order given; what a pattern matches is loaded in byte order, and a file only once.
 *
 * @param specifiers paths, package names or globs
 * @returns what the delivery policy calls; whoever has loaded the plug-ins closes it
 */
export async function loadPlugins(
  specifiers: readonly string[],
  context: PluginContext,
): Promise<PluginHooks> {
  const plugins = new PluginSet()
  await plugins.use(specifiers, context)
  return plugins.isEmpty ? noPlugins : plugins
}
