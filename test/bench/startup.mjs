/**
 * Start-up: one small message handed to a server on this machine, from the start of the process to its end. The
 * floor is a Node process that does nothing; a bare client in Node shows what the network needs; msmtp is the
 * peer, where it is installed.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { median, ratio, takeTurns } from './measure.mjs'
import { command, installed, runTimed, startSink } from './processes.mjs'

const SENDER = 'anna@site.example'
const RECIPIENT = 'berta@remote.example'
const MESSAGE = `From: ${SENDER}\nTo: ${RECIPIENT}\nSubject: start-up\n\nOne small message.\n`

/** `mq-sendmail` may take at most this many times as long as `node -e 0`. */
const GOAL = 2.5

/**
 * Measures.
 *
 * @param directory a directory for files
 * @param turns how often each candidate runs
 */
export async function measureStartup(directory, turns) {
  const sink = await startSink()
  const message = join(directory, 'message.eml')
  const config = join(directory, 'startup.conf')
  writeFileSync(message, MESSAGE)
  writeFileSync(config, `[mailqueue]\nsmtp_hostname = 127.0.0.1\nsmtp_port = ${sink.port}\n`)
  const client = join(import.meta.dirname, 'floor-client.mjs')
  const sendmail = ['-C', config, '-i', '-f', SENDER, RECIPIENT]
  const msmtp = ['--host=127.0.0.1', `--port=${sink.port}`, '-f', SENDER, RECIPIENT]
  const values = await takeTurns(
    {
      'node -e 0': () => runTimed(process.execPath, ['-e', '0']),
      'bare Node client': () => runTimed(process.execPath, [client, String(sink.port)], message),
      'mq-sendmail': () => runTimed(command('mq-sendmail'), sendmail, message),
      ...(installed('msmtp') ? { msmtp: () => runTimed('msmtp', msmtp, message) } : {}),
    },
    turns,
  )
  sink.end()
  const ours = values['mq-sendmail']
  return Object.entries(values).map(([name, times]) => ({
    group: `start-up, to ${sink.name}`,
    name,
    value: median(times),
    unit: 'ms',
    ratio: ratio(times, values['node -e 0']),
    ratioTo: 'node -e 0',
    ...(times === ours ? { goal: `at most ${GOAL}`, met: ratio(ours, values['node -e 0']) <= GOAL } : {}),
  }))
}
