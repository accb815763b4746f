/**
 * The plug-ins of a daemon, which stay from one configuration to the next as long as they are configured and their files
 * are the same. They are ended with the process, and nothing is loaded where none are configured.
 */
import type { Config } from '../../config/config.ts'
import { pluginContext } from '../../delivery/configured.ts'
import type { Logger } from '../../logging/logger.ts'
import { noPlugins, type PluginHooks } from '../../plugins/contract.ts'
import type { PluginSet } from '../../plugins/loader.ts'
import { atTheEnd } from '../../util/unfinished.ts'
import type { Terminal } from '../exit.ts'

/** Plug-ins that are exchanged with the configuration. */
export interface DaemonPlugins {
  /** What deliveries by a configuration call, from the moment on at which it is used. */
  hooksFor(config: Config): Promise<PluginHooks>
  /** Ends what the configuration does not name, and loads the rest. Never rejects. */
  use(config: Config, log: Logger): Promise<void>
}

/** Nothing is loaded yet. */
export function daemonPlugins(terminal: Terminal): DaemonPlugins {
  let plugins: PluginSet | undefined
  const open = async (): Promise<PluginSet> => {
    const { PluginSet } = await import('../../plugins/loader.ts')
    const opened = new PluginSet()
    atTheEnd(() => opened.close())
    return opened
  }
  return {
    hooksFor: async (config) => {
      if (config.plugins.length > 0) plugins ??= await open()
      return plugins ?? noPlugins
    },
    use: async (config, log) =>
      plugins?.use(
        config.plugins,
        pluginContext(config, log, (line) => terminal.complain(line)),
      ),
  }
}
