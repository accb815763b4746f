/**
 * The server for monitoring programs, as a configuration has it: which queue it tells of, and what it hides.
 */
import { configuredPrivacy } from '../../delivery/configured.ts'
import type { Metrics } from '../../delivery/metrics/metrics.ts'
import { queueIsThere } from '../../queue/layout.ts'
import type { QueueStore } from '../../queue/store.ts'
import { systemClock } from '../../util/clock.ts'
import { listener, type Listener } from './listen.ts'
import { listenAddress } from './listen-address.ts'
import { statsRecord, USUAL_DOMAINS } from '../queue/stats.ts'
import { surveyQueue } from '../queue/survey.ts'
import type { Setup } from '../setup.ts'

/**
 * Prepares the server.
 *
 * @param where the address as it was given
 * @param store the queue
 * @throws MailError USAGE for an address that is none
 */
export async function openListener(
  { config, terminal }: Setup,
  where: string,
  store: QueueStore,
  metrics: Pick<Metrics, 'text'>,
): Promise<Listener> {
  const address = listenAddress(where)
  const privacy = await configuredPrivacy(config, (line) => terminal.complain(line))
  // Marks of addresses say nothing of their domains: nor does this.
  const domains = config.logPrivacy === 'hash' ? 0 : USUAL_DOMAINS
  const queue = async () => {
    const sight = { store, made: queueIsThere(store.name), config }
    return statsRecord(await surveyQueue(sight, () => true, systemClock.now()), domains)
  }
  return listener({ address, metrics: () => metrics.text(), queue, privacy })
}
