/**
 * Start-up: one small message handed to a server on this machine, or to the queue while the server is known to be down,
 * from the start of the process to its end. The floors are a Node process that does nothing, a bare client in Node, and a
 * bundled program that only sends, with the protocol engine of the commands; msmtp is the peer, where it is installed.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rolldown } from 'rolldown'
import { median, ratio, takeTurns } from './measure.mjs'
import { command, installed, runTimed, startSink } from './processes.mjs'

const SENDER = 'anna@site.example'
const RECIPIENT = 'berta@remote.example'
const MESSAGE = `From: ${SENDER}\nTo: ${RECIPIENT}\nSubject: start-up\n\nOne small message.\n`

const NODE = 'node -e 0'
const BARE = 'bundled program, sends only'
const SENDS = 'mq-sendmail, sends'
const QUEUES = 'mq-sendmail, server down, queues'

/** How many times as long as another candidate one may take. */
const GOALS = [
  { name: SENDS, ratioTo: NODE, most: 2.2 },
  { name: SENDS, ratioTo: BARE, most: 1.15 },
  { name: SENDS, ratioTo: 'msmtp', most: 1.1 },
  { name: QUEUES, ratioTo: NODE, most: 1.6 },
]

async function bundleBareSend(directory) {
  const file = join(directory, 'bare-send.cjs')
  const bundle = await rolldown({ input: join(import.meta.dirname, 'bare-send.mjs'), platform: 'node' })
  await bundle.write({ file, format: 'cjs', minify: true, codeSplitting: false })
  await bundle.close()
  return file
}

/** The configuration of a site whose server is down, which its queue knows already. */
function siteWithoutServer(directory, message) {
  const config = join(directory, 'down.conf')
  const queue = join(directory, 'queue')
  writeFileSync(config, `[mailqueue]\nsmtp_hostname = 127.0.0.1\nsmtp_port = 1\nqueue_dir = ${queue}\n`)
  for (let count = 0; count < 3; count += 1)
    runTimed(command('mq-sendmail'), ['-C', config, '-i', '-f', SENDER, RECIPIENT], message)
  return config
}

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
  const down = siteWithoutServer(directory, message)
  const client = join(import.meta.dirname, 'floor-client.mjs')
  const bareSend = await bundleBareSend(directory)
  const node = (script) => runTimed(process.execPath, [script, String(sink.port)], message)
  const sendmail = (file) =>
    runTimed(command('mq-sendmail'), ['-C', file, '-i', '-f', SENDER, RECIPIENT], message)
  const msmtp = ['--host=127.0.0.1', `--port=${sink.port}`, '-f', SENDER, RECIPIENT]
  const values = await takeTurns(
    {
      [NODE]: () => runTimed(process.execPath, ['-e', '0']),
      'bare Node client': () => node(client),
      [BARE]: () => node(bareSend),
      [SENDS]: () => sendmail(config),
      [QUEUES]: () => sendmail(down),
      ...(installed('msmtp') ? { msmtp: () => runTimed('msmtp', msmtp, message) } : {}),
    },
    turns,
  )
  sink.end()
  return figuresOf(values, `start-up, to ${sink.name}`)
}

function figuresOf(values, group) {
  const figure = (name, ratioTo) => ({
    group,
    name,
    value: median(values[name]),
    unit: 'ms',
    ratio: ratio(values[name], values[ratioTo]),
    ratioTo,
  })
  const judged = GOALS.filter(({ ratioTo }) => values[ratioTo] !== undefined).map(
    ({ name, ratioTo, most }) => {
      const made = figure(name, ratioTo)
      return { ...made, goal: `at most ${most}`, met: made.ratio <= most }
    },
  )
  const others = Object.keys(values).filter((name) => !GOALS.some((goal) => goal.name === name))
  return [...others.map((name) => figure(name, NODE)), ...judged]
}
