/**
 * Log lines to a program that listens: a syslog daemon, the journal. Nothing here waits for it. A line is in the hands of
 * the system when the call returns, and there it outlives this process; what the other side does not fetch in time is
 * kept up to a limit, and dropped above it. A listener that is gone is looked for again now and then. Whatever cannot be
 * written is complained about once: a log must not stop a mail.
 */
import { connect } from 'node:net'
import type { Writable } from 'node:stream'
import { describeError } from '../errors/errno.ts'
import { atTheEnd } from '../util/unfinished.ts'
import { once } from './append-file.ts'
import type { Complain } from './complain.ts'
import type { EventLevel } from './events.ts'

/** Takes the lines of the structured log. */
export interface LogSink {
  /** Writes one line, line end included. Never throws and never waits. */
  write(line: string, level: EventLevel): void
}

/** A connection to a listener. */
export interface LogStream {
  readonly stream: Writable
  /** The line as the listener wants it. */
  readonly frame: (line: string, level: EventLevel) => string
}

/** So many octets wait in memory for a listener that is slow. */
const MOST = 1024 * 1024
/** A listener that is gone is looked for so often, in seconds. */
const PAUSE = 5

/** Numbers of RFC 5424, section 6.2.1. */
export const SEVERITY: Readonly<Record<EventLevel, number>> = { error: 3, warn: 4, info: 6, debug: 7 }

/**
 * Connects to a listener on this machine.
 *
 * @throws the system's error when nobody listens there
 */
export function connectTo(path: string): Promise<Writable> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    // The process must not stay for it.
    socket.unref()
    // What a syslog daemon may say is of no interest, but its end has to be seen.
    socket.resume()
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.removeListener('error', reject)
      resolve(socket)
    })
  })
}

/**
 * Opens a sink; without a listener it is one that drops lines, after a complaint.
 *
 * @param name of the listener, for people
 * @param open connects; rejects when nobody listens
 * @param complain gets one line the first time that something cannot be written, and never again
 */
export async function openStreamSink(
  name: string,
  open: () => Promise<LogStream>,
  complain: Complain,
): Promise<LogSink> {
  const complainOnce = once(complain)
  const fail = (why: string): void =>
    complainOnce(`cannot write the log to ${name}: ${why}; logging is incomplete`)
  let current: LogStream | undefined
  let triedAt = 0
  const connectAgain = async (): Promise<void> => {
    triedAt = process.uptime()
    try {
      const opened = await open()
      const gone = (error?: unknown): void => {
        if (current === opened) current = undefined
        if (error instanceof Error) fail(describeError(error))
      }
      opened.stream.on('error', gone)
      opened.stream.on('close', () => gone())
      current = opened
    } catch (error) {
      fail(describeError(error))
    }
  }
  await connectAgain()
  atTheEnd(() => {
    if ((current?.stream.writableLength ?? 0) > 0) fail('it is too slow')
  })
  return {
    write: (line, level) => {
      if (current === undefined) {
        if (process.uptime() - triedAt > PAUSE) void connectAgain()
      } else if (current.stream.writableLength > MOST) fail('it is too slow')
      else current.stream.write(current.frame(line, level))
    },
  }
}
