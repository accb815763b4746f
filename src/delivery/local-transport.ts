/**
 * The transports of `deliver`: mail that never leaves this machine. Each is loaded only when it is configured.
 */
import type { Config } from '../config/config.ts'
import type { Logger } from '../logging/logger.ts'
import type { Transport } from '../transport/transport.ts'

/** The transport that takes the place of a server; undefined when mail goes to one. */
export async function localTransport(
  { deliver, pipeTimeout }: Pick<Config, 'deliver' | 'pipeTimeout'>,
  log: Logger,
): Promise<Transport | undefined> {
  switch (deliver.to) {
    case 'smtp':
      return undefined
    case 'discard':
      return new (await import('../transport/local/discard.ts')).DiscardTransport(log)
    case 'file':
      return new (await import('../transport/local/maildir.ts')).MaildirTransport(deliver.directory)
    case 'pipe':
      return new (await import('../transport/local/pipe.ts')).PipeTransport(deliver.command, pipeTimeout)
  }
}
