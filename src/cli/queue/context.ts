/**
 * What the commands of mq-queue share: the surroundings they are added to, and how the queue and the messages that
 * were named are found. A queue that is configured and was never needed counts as an empty one for whoever looks.
 */
import type { Config } from '../../config/config.ts'
import { queueIn } from '../../delivery/configured.ts'
import { MailError } from '../../errors/mail-error.ts'
import { queueIsThere } from '../../queue/layout.ts'
import type { QueueEntry, QueueStore } from '../../queue/store.ts'
import type { Command } from '../commander.ts'
import type { EndCode, Terminal } from '../exit.ts'
import { namedPath } from '../named-path.ts'
import { setUp } from '../setup.ts'

/** What a command of mq-queue is added to. */
export interface QueueContext {
  /** The command that has the options of all commands. */
  readonly parent: Command
  readonly terminal: Terminal
  /** Says how the process is to end; without it all went well. */
  readonly done: (exitCode: EndCode) => void
}

/** A queue to be looked at. */
export interface Sight {
  readonly store: QueueStore
  /** False when nothing was ever queued: then there is nothing to be listed. */
  readonly made: boolean
  /** Undefined when the queue was named on the command line. */
  readonly config: Config | undefined
}

interface QueueOptions {
  readonly config?: string
  readonly queueDir?: string
}

/**
 * Finds the queue to be looked at.
 *
 * @throws MailError CONFIG_* when none is named or configured, or the configuration is wrong; USAGE when the name
 * is empty
 */
export async function sightQueue({ parent, terminal }: QueueContext): Promise<Sight> {
  const options = parent.opts<QueueOptions>()
  if (options.queueDir !== undefined)
    return {
      store: await queueIn(namedPath(options.queueDir, 'queue directory')),
      made: true,
      config: undefined,
    }
  const { config } = await setUp(terminal, { config: options.config })
  const { queueDir } = config
  if (queueDir === undefined) {
    throw new MailError(
      'CONFIG_MISSING',
      'no queue: name the directory with --queue-dir, or set queue_dir in the configuration',
    )
  }
  return {
    store: await queueIn(queueDir),
    get made() {
      return queueIsThere(queueDir)
    },
    config,
  }
}

/** Finds the queue in which single messages are named. */
export async function openQueue(context: QueueContext): Promise<QueueStore> {
  const { store } = await sightQueue(context)
  return store
}

/**
 * Finds the one message that a queue id or a file name stands for.
 *
 * @throws MailError INPUT_MISSING when there is none, USAGE when there are several
 */
export async function findOne(store: QueueStore, id: string): Promise<QueueEntry> {
  const [entry, second] = await store.find(id)
  if (entry === undefined)
    throw new MailError('INPUT_MISSING', `there is no message ${id} in the queue ${store.name}`)
  if (second !== undefined)
    throw new MailError('USAGE', `more than one message has the id ${id}; name the file instead`)
  return entry
}
