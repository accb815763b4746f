/**
 * The structured log in the journal of systemd, over the stream that it has for the output of services: a header of seven
 * lines, then one message a line, each with its priority in front (see systemd-cat(1) and sd_journal_stream_fd(3)).
 */
import type { Complain } from './complain.ts'
import { connectTo, openStreamSink, SEVERITY, type LogSink } from './stream-sink.ts'

/** Where the journal listens. */
const JOURNAL_SOCKET = '/run/systemd/journal/stdout'

/**
 * Opens the journal.
 *
 * @param program the name that `journalctl -t` takes
 * @param complain gets one line the first time that something cannot be written
 */
export function openJournal(program: string, complain: Complain, path = JOURNAL_SOCKET): Promise<LogSink> {
  const open = async () => {
    const stream = await connectTo(path)
    // identifier, unit, priority of lines that have none, priorities are in front: yes; to syslog, kernel, console: no
    stream.write(`${program}\n\n${SEVERITY.info}\n1\n0\n0\n0\n`)
    return { stream, frame: (line: string, level: keyof typeof SEVERITY) => `<${SEVERITY[level]}>${line}` }
  }
  return openStreamSink('the journal', open, complain)
}
