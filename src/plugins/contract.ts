/**
 * What a plug-in is. A plug-in is an ES module whose default export is a {@link Plugin}; it subscribes to the
 * life cycle of messages and may give a message up (`discard`) or stop it for a human (`hold`). A plug-in that
 * throws or hangs is logged and otherwise ignored: it can never lose or delay a mail.
 */
import type { Readable } from 'node:stream'
import type { Envelope } from '../message/envelope.ts'
import type { RecipientOutcome } from '../message/outcome.ts'

/** The message an event is about. */
export interface PluginMessage {
  readonly envelope: Envelope
  /** Undefined while the message is not in a queue. */
  readonly queueId: string | undefined
  /** Failed attempts so far, the one of this event included. */
  readonly retries: number
  /** The message bytes, a fresh stream at each call; only valid until the handler returns. */
  body(): Readable
}

/** One event in the life of a message. */
export interface PluginEvent {
  readonly message: PluginMessage
  /** What the last attempt brought, one entry a recipient; empty for `queued`. */
  readonly result: readonly RecipientOutcome[]
}

/**
 * The signals. `delivery_successful` and `delivery_failed` are the two of mailqueue-runner: an attempt that the
 * server accepted for at least one recipient, and one that left at least one recipient without the mail. The
 * others name the outcome exactly.
 */
export const PLUGIN_SIGNALS = [
  'delivery_successful',
  'delivery_failed',
  'queued',
  'delivered',
  'deferred',
  'failed',
  'expired',
  'bounced',
] as const

/** One of {@link PLUGIN_SIGNALS}. */
export type PluginSignal = (typeof PLUGIN_SIGNALS)[number]

/** The answers of a handler, the strongest first. */
export const PLUGIN_ACTIONS = ['discard', 'hold'] as const

/** `discard` gives the rest of the message up; `hold` keeps it until an administrator releases it. */
export type PluginAction = (typeof PLUGIN_ACTIONS)[number]

/** Returning nothing leaves the decision to the program. */
export type PluginHandler = (
  event: PluginEvent,
) => PluginAction | undefined | Promise<PluginAction | undefined>

/** Handed to `setup`. */
export interface PluginApi {
  /** Subscribes a handler; several for one signal run in the order of subscription. */
  on(signal: PluginSignal, handler: PluginHandler): void
}

/**
 * Ends what a plug-in has opened: a port, a lock, an interval. Called once, when no handler of the plug-in runs or will be
 * called any more. It has 5 seconds; what it throws is logged and stops nothing.
 */
export type PluginEnd = () => void | Promise<void>

/**
 * Subscribes handlers, and opens what they need. Returns nothing, or what is to be called when the plug-in goes away: at the
 * end of the command or of the work in a program that uses the library, and in a daemon also when it reads a configuration
 * without the plug-in, or finds its file changed.
 */
export type PluginSetup =
  | ((api: PluginApi) => void | Promise<void>)
  | ((api: PluginApi) => PluginEnd | undefined | Promise<PluginEnd | undefined>)

/** The default export of a plug-in module. */
export interface Plugin {
  readonly name: string
  readonly setup: PluginSetup
}

/** What the delivery policy calls. */
export interface PluginHooks {
  /**
   * Runs all handlers of the signal. Never rejects.
   *
   * @returns the strongest answer: `discard` before `hold` before nothing
   */
  emit(signal: PluginSignal, event: PluginEvent): Promise<PluginAction | undefined>
  /**
   * Ends the plug-ins, when the handlers that run have answered. To be called by whoever has made them; a signal that is
   * emitted afterwards reaches nobody. Left out where there is nothing to end. Never rejects.
   */
  close?(): Promise<void>
}

/** No plug-ins. */
export const noPlugins: PluginHooks = { emit: () => Promise.resolve(undefined) }
