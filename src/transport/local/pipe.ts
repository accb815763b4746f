/**
 * Hands mail to a program instead of a server: one run for each recipient, without a shell, the message on standard
 * input with LF line ends. The exit code is the outcome. The program gets a complete message or is never started, and
 * from its start on nobody else knows what it has done: when this process dies meanwhile, the recipient is in doubt.
 */
import type { ChildProcess } from 'node:child_process'
import { closeSync, openSync, unlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeError } from '../../errors/errno.ts'
import { EX } from '../../errors/sysexits.ts'
import { withLineFeeds } from '../../message/lf-text.ts'
import type { MessageContent } from '../../message/content.ts'
import type { RecipientOutcome } from '../../message/outcome.ts'
import { createExclusive, writeAll } from '../../util/durable-file.ts'
import { randomOctets } from '../../util/random.ts'
import { refusal } from '../failure.ts'
import { interruption } from '../interruption.ts'
import { oneLine } from '../reply.ts'
import type { Delivery, Transport } from '../transport.ts'

/** What of the environment a program gets: no secret may be in it. */
const PASSED_ON = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ']
/** Octets of what a program complains that are kept. */
const MOST_WORDS = 4096

/** Exit codes that no later attempt can change, and their status codes (RFC 3463). */
const PERMANENT: ReadonlyMap<number, string> = new Map([
  [EX.NOUSER, '5.1.1'],
  [EX.UNAVAILABLE, '5.0.0'],
])

/** How a run ended. */
interface RunEnd {
  /** Undefined when a signal ended it. */
  readonly code: number | undefined
  readonly signal: string | undefined
  /** Why we ended it. */
  readonly stopped: string | undefined
  /** The last line of standard error. */
  readonly words: string
}

/** A copy of the message that a program reads from its start, and that has no name any more. */
async function openCopy(content: MessageContent): Promise<number> {
  const path = join(tmpdir(), `mailqueue.${process.pid}.${randomOctets(12).toString('hex')}`)
  const out = createExclusive(path)
  try {
    for await (const chunk of withLineFeeds(content)) writeAll(out, chunk)
    return openSync(path, 'r')
  } finally {
    closeSync(out)
    unlinkSync(path)
  }
}

/** Placeholders are replaced within a word; what they stand for is never taken apart. */
function fillIn(word: string, sender: string, recipient: string): string {
  return word.replace(/\$\{(sender|recipient)\}/g, (_, name: string) =>
    name === 'sender' ? sender : recipient,
  )
}

function environment(sender: string, recipient: string): NodeJS.ProcessEnv {
  const passed = PASSED_ON.flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return { ...Object.fromEntries(passed), SENDER: sender, RECIPIENT: recipient }
}

/** The program and everything that it started. */
function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}

/** Waits for the end of a run. Rejects when the program could not be started. */
function endOf(child: ChildProcess, limit: number, signal: AbortSignal | undefined): Promise<RunEnd> {
  return new Promise((resolve, reject) => {
    let stopped: string | undefined
    let words = ''
    const stop = (why: string): void => {
      stopped ??= why
      killGroup(child)
      child.stderr?.destroy()
    }
    const interrupt = (): void => stop(interruption(signal, 'interrupted'))
    const timer = setTimeout(() => stop(`it did not end within ${limit / 1000} s`), limit)
    const clear = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', interrupt)
    }
    signal?.addEventListener('abort', interrupt)
    child.stderr?.on('data', (chunk: Buffer) => {
      words = (words + chunk.toString('utf8')).slice(-MOST_WORDS)
    })
    child.once('error', (error) => {
      clear()
      reject(error)
    })
    child.once('close', (code, by) => {
      clear()
      const last =
        words
          .trim()
          .split(/[\r\n]+/)
          .at(-1) ?? ''
      resolve({ code: code ?? undefined, signal: by ?? undefined, stopped, words: oneLine(last) })
    })
  })
}

/** What the end of a run means for its recipient. A program that ended by itself has said so, however late. */
function outcomeOf(recipient: string, { code, signal, stopped, words }: RunEnd): RecipientOutcome {
  const said = words === '' ? '' : `: ${words}`
  if (code === EX.OK) return { status: 'delivered', recipient, reply: `the command took it${said}` }
  const how =
    stopped ?? (code === undefined ? `it was ended by ${signal ?? 'a signal'}` : `it ended with ${code}`)
  const enhanced = code === undefined ? undefined : PERMANENT.get(code)
  return {
    status: enhanced === undefined ? 'deferred' : 'failed',
    recipient,
    scope: 'recipient',
    reason: `the command did not take it: ${how}${said}`,
    ...(enhanced === undefined ? undefined : { enhanced }),
  }
}

/** Delivers to a program. */
export class PipeTransport implements Transport {
  readonly name: string
  readonly #command: readonly string[]
  readonly #limit: number

  /**
   * @param command the program and its arguments, in which `${sender}` and `${recipient}` are replaced
   * @param limit how long one run may take, in milliseconds
   */
  constructor(command: readonly string[], limit: number) {
    this.name = `pipe:${command[0] ?? ''}`
    this.#command = command
    this.#limit = limit
  }

  async send(delivery: Delivery, signal?: AbortSignal): Promise<RecipientOutcome[]> {
    const { recipients } = delivery.envelope
    const outcomes: RecipientOutcome[] = []
    let failure: string | undefined
    for (const recipient of recipients) {
      try {
        if (failure !== undefined) throw new Error(failure)
        if (outcomes.length === 0) delivery.onBodyStart?.()
        const outcome = await this.#run(delivery, recipient, signal)
        outcomes.push(outcome)
        // Who has the message is stored before the program runs again.
        if (outcomes.length < recipients.length) await delivery.onOutcomes?.([outcome])
      } catch (error) {
        failure = oneLine(describeError(error))
        if (outcomes.at(-1)?.recipient !== recipient) {
          outcomes.push(refusal(recipient, { phase: 'local', reason: failure }))
        }
      }
    }
    return outcomes
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  /** Rejects when nothing was started. */
  async #run(delivery: Delivery, recipient: string, signal?: AbortSignal): Promise<RecipientOutcome> {
    const { envelope, content, awaitReply = false } = delivery
    const { sender } = envelope
    const isAborted = (): boolean => signal?.aborted === true
    const { spawn } = await import('node:child_process')
    const [program = '', ...args] = this.#command
    const copy = await openCopy(content)
    try {
      if (isAborted()) throw new Error(interruption(signal, 'interrupted'))
      delivery.beforeLastByte?.()
      const child = spawn(
        program,
        args.map((word) => fillIn(word, sender, recipient)),
        {
          cwd: '/',
          env: environment(sender, recipient),
          stdio: [copy, 'ignore', 'pipe'],
          detached: true,
        },
      )
      const end = await endOf(child, this.#limit, awaitReply ? undefined : signal)
      const interrupted = end.stopped !== undefined && isAborted() && end.code === undefined
      return interrupted ? { status: 'in-doubt', recipient, reason: end.stopped } : outcomeOf(recipient, end)
    } catch (error) {
      throw new Error(`${this.name}: ${describeError(error)}`, { cause: error })
    } finally {
      closeSync(copy)
    }
  }
}
