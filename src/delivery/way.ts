/**
 * One way that messages go: a transport, and the surroundings of a delivery over it. Messages that go the same way share
 * one object, so that whatever is found out about the way holds for all of them.
 */
import type { Transport } from '../transport/transport.ts'
import type { DeliveryContext } from './context.ts'

/** A way. */
export interface Way {
  /** Undefined where there is one way for all messages. */
  readonly account: string | undefined
  readonly transport: Transport
  readonly context: DeliveryContext
  /** Messages in flight at the same time. */
  readonly connections: number
  /** Why no message can go this way until a person has changed something; undefined for a way that can be used. */
  readonly missing?: string
}
