/**
 * The queue that a changing command of mq-queue works on, with the configuration that rules it. With --queue-dir no
 * configuration is read: then everything is as with an empty one.
 */
import { configFromSettings } from '../../config/settings.ts'
import { queueIn } from '../../delivery/configured.ts'
import { MailError } from '../../errors/mail-error.ts'
import { requireQueue } from '../../queue/layout.ts'
import type { QueueStore } from '../../queue/store.ts'
import type { Command } from '../commander.ts'
import type { Terminal } from '../exit.ts'
import { thisCaller } from '../identity.ts'
import { namedPath } from '../named-path.ts'
import { setUp, type Setup } from '../setup.ts'

/** A queue and its surroundings. */
export interface NamedQueue {
  readonly setup: Setup
  /** Absolute path. */
  readonly queueDir: string
  readonly store: QueueStore
}

interface Named {
  readonly config?: string
  readonly queueDir?: string
}

/** The directory of a configuration, or the error that there is none. */
function directoryIn({ config }: Setup): string {
  if (config.queueDir !== undefined) return config.queueDir
  throw new MailError(
    'CONFIG_MISSING',
    'no queue: name the directory with --queue-dir, or set queue_dir in the configuration',
  )
}

/**
 * Loads what the options of mq-queue name.
 *
 * @param parent the command mq-queue, whose options are read
 * @throws MailError CONFIG_*, USAGE when the name of the directory is empty
 */
export async function namedQueue(parent: Command, terminal: Terminal): Promise<NamedQueue> {
  const { config, queueDir } = parent.opts<Named>()
  if (queueDir !== undefined) {
    const path = namedPath(queueDir, 'queue directory')
    const setup = {
      terminal,
      caller: thisCaller(terminal.env),
      config: configFromSettings({}),
      logName: terminal.program,
    }
    return { setup, queueDir: path, store: await queueIn(path) }
  }
  const setup = await setUp(terminal, { config })
  const path = directoryIn(setup)
  return { setup, queueDir: path, store: await queueIn(path) }
}

/**
 * As {@link namedQueue}, for what cannot do without a smarthost: the configuration is read in any case.
 *
 * @throws MailError CONFIG_*, also when there is no such queue
 */
export async function namedQueueWithConfig(parent: Command, terminal: Terminal): Promise<NamedQueue> {
  const { config, queueDir } = parent.opts<Named>()
  const setup = await setUp(terminal, { config })
  const path = queueDir === undefined ? directoryIn(setup) : namedPath(queueDir, 'queue directory')
  requireQueue(path)
  return { setup, queueDir: path, store: await queueIn(path) }
}
