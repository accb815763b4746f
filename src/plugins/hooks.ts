/**
 * Runs the handlers of plug-ins, in the order of subscription, one at a time. A handler that throws, hangs or
 * answers nonsense is logged and counts as one that said nothing; a handler that keeps hanging is not called
 * again in this process, so that a long run is not slowed down message by message. `emit` never rejects, and
 * no handler can change what the program or the next handler sees.
 */
import { describeError } from '../errors/errno.ts'
import type { Complain } from '../logging/complain.ts'
import type { Logger } from '../logging/logger.ts'
import { PLUGIN_ACTIONS } from './contract.ts'
import type { PluginAction, PluginEvent, PluginHandler, PluginHooks, PluginSignal } from './contract.ts'
import { LimitExceeded, withLimit } from './limit.ts'

/** How long a handler, or the loading of a plug-in, may take. Milliseconds. */
export const PLUGIN_LIMIT = 5000
/** A handler that hung this often is left out. */
const MAX_HANGS = 3

/** A handler and what it listens to. */
export interface Subscription {
  /** Name of the plug-in, for the log. */
  readonly plugin: string
  readonly signal: PluginSignal
  readonly handler: PluginHandler
}

/** How often handlers have hung since they answered in time last; kept with those that stay when others are exchanged. */
const hangs = new WeakMap<Subscription, number>()

interface HookOptions {
  readonly log: Logger
  /** Gets one line at the first failure of each plug-in; the log has them all. */
  readonly complain: Complain
  /** Milliseconds; {@link PLUGIN_LIMIT} when left out. */
  readonly limit?: number
}

function frozenCopy(event: PluginEvent): PluginEvent {
  const { envelope, queueId, retries } = event.message
  const recipients = Object.freeze([...envelope.recipients])
  return Object.freeze({
    message: Object.freeze({
      envelope: Object.freeze({ sender: envelope.sender, recipients }),
      queueId,
      retries,
      body: () => event.message.body(),
    }),
    result: Object.freeze(event.result.map((outcome) => Object.freeze({ ...outcome }))),
  })
}

/** What a handler answered, or an error; JavaScript plug-ins may return anything. */
function checkedAction(answer: unknown): PluginAction | undefined {
  if (answer === undefined || answer === null) return undefined
  const action = PLUGIN_ACTIONS.find((known) => known === answer)
  if (action === undefined) {
    const shown = typeof answer === 'string' ? `"${answer.slice(0, 40)}"` : `a ${typeof answer}`
    throw new Error(`the handler returned ${shown}; it may return "discard", "hold" or nothing`)
  }
  return action
}

function strongest(actions: readonly (PluginAction | undefined)[]): PluginAction | undefined {
  return PLUGIN_ACTIONS.find((action) => actions.includes(action))
}

/**
 * Joins subscriptions to what the delivery policy calls.
 *
 * @param subscriptions in the order they are to run
 */
export function createHooks(subscriptions: readonly Subscription[], options: HookOptions): PluginHooks {
  const limit = options.limit ?? PLUGIN_LIMIT
  const complained = new Set<string>()

  const report = (subscription: Subscription, error: unknown): void => {
    const { plugin, signal } = subscription
    const hung = error instanceof LimitExceeded ? (hangs.get(subscription) ?? 0) + 1 : 0
    hangs.set(subscription, hung)
    const reason = describeError(error) + (hung < MAX_HANGS ? '' : '; the handler is not called again')
    options.log.error('plugin.failed', { plugin, signal, reason })
    if (complained.has(plugin)) return
    complained.add(plugin)
    options.complain(`plug-in ${plugin} failed at "${signal}" and was ignored: ${reason}`)
  }

  const run = async (subscription: Subscription, event: PluginEvent): Promise<PluginAction | undefined> => {
    try {
      return checkedAction(await withLimit(() => subscription.handler(event), limit))
    } catch (error) {
      report(subscription, error)
      return undefined
    }
  }

  return {
    emit: async (signal, event) => {
      const due = subscriptions.filter((each) => each.signal === signal && (hangs.get(each) ?? 0) < MAX_HANGS)
      if (due.length === 0) return undefined
      const seen = frozenCopy(event)
      const actions: (PluginAction | undefined)[] = []
      for (const subscription of due) actions.push(await run(subscription, seen))
      return strongest(actions)
    },
  }
}
