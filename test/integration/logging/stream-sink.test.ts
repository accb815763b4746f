/** Promises of src/logging/stream-sink.ts, journal.ts and syslog.ts, with real sockets, processes and logger(1). */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openJournal } from '../../../src/logging/journal.ts'
import { openSyslog } from '../../../src/logging/syslog.ts'
import { bundle, source } from '../../helpers/bundle.ts'
import { scratchDirectory, startListener } from './listener.ts'

const HEADER = 'mq-run\n\n6\n1\n0\n0\n0\n'

it('the journal gets the header of its protocol, and each line with its priority', async () => {
  const journal = await startListener()
  const complaints: string[] = []
  const sink = await openJournal('mq-run', (line) => complaints.push(line), journal.path)
  sink.write('{"a":1}\n', 'info')
  sink.write('{"b":2}\n', 'error')
  sink.write('{"c":3}\n', 'debug')
  sink.write('{"d":4}\n', 'warn')
  const lines = `<6>{"a":1}\n<3>{"b":2}\n<7>{"c":3}\n<4>{"d":4}\n`
  await journal.hears(lines)
  expect(journal.heard).toEqual([`${HEADER}${lines}`])
  expect(complaints).toEqual([])
})

it('a syslog that is a stream gets lines with facility mail, severity, time and tag', async () => {
  const syslog = await startListener()
  const sink = await openSyslog('mq-run', () => undefined, syslog.path)
  sink.write('{"a":1}\n', 'info')
  sink.write('{"b":2}\n', 'warn')
  await syslog.hears('{"b":2}\n')
  const head = String.raw`[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d mq-run\[${process.pid}\]`
  expect(syslog.heard.join('')).toMatch(new RegExp(`^<22>${head}: {"a":1}\n<20>${head}: {"b":2}\n$`))
})

it.each([
  ['journal', openJournal],
  ['syslog', openSyslog],
] as const)('a missing %s is complained about once, and nothing throws', async (_, open) => {
  const complaints: string[] = []
  const sink = await open('mq-run', (line) => complaints.push(line), join(scratchDirectory(), 'none'))
  sink.write('one\n', 'info')
  sink.write('two\n', 'info')
  expect(complaints).toEqual([
    expect.stringMatching(/^cannot write the log to [a-z ]+: .*ENOENT.*incomplete$/),
  ])
})

it('a listener that fetches nothing costs no time: lines are kept up to a limit and dropped above it', async () => {
  const journal = await startListener(false)
  const complaints: string[] = []
  const sink = await openJournal('mq-run', (line) => complaints.push(line), journal.path)
  const line = `${'x'.repeat(64 * 1024)}\n`
  for (let count = 0; count < 100; count += 1) sink.write(line, 'info')
  expect(complaints).toEqual(['cannot write the log to the journal: it is too slow; logging is incomplete'])
})

it('a listener that went away stops nothing', async () => {
  const journal = await startListener()
  const complaints: string[] = []
  const sink = await openJournal('mq-run', (line) => complaints.push(line), journal.path)
  sink.write('one\n', 'info')
  await journal.hears('<6>one\n')
  await journal.close()
  for (let count = 0; count < 100; count += 1) {
    sink.write('two\n', 'info')
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(complaints.length).toBeLessThanOrEqual(1)
})

/** A program that writes a hundred lines and is killed in the next moment. */
async function killedAfterWriting(module: string, open: string, path: string): Promise<void> {
  const directory = scratchDirectory()
  const lines = [
    `import { ${open} } from ${source(join('logging', module))}`,
    `const sink = await ${open}('mq-run', (line) => process.stderr.write(line), ${JSON.stringify(path)})`,
    `for (let n = 0; n < 100; n += 1) sink.write(n + '\\n', 'info')`,
    `process.kill(process.pid, 'SIGKILL')`,
  ]
  const program = bundle(lines.join('\n'), directory)
  const child = spawn(process.execPath, [program], { stdio: 'inherit' })
  await new Promise((resolve) => child.once('close', resolve))
}

it.each([
  ['the journal', 'journal.ts', 'openJournal', '<6>99\n'],
  ['syslog', 'syslog.ts', 'openSyslog', ': 99\n'],
])('lines for %s outlive the process that wrote them', async (_, module, open, last) => {
  const listener = await startListener()
  await killedAfterWriting(module, open, listener.path)
  await listener.hears(last)
  expect(listener.heard.join('').split('\n').length).toBeGreaterThanOrEqual(100)
})

const PYTHON = spawnSync('python3', ['--version']).status === 0
const LOGGER = existsSync('/usr/bin/logger') || existsSync('/bin/logger')

/** Takes a hundred datagrams and prints them. */
const RECEIVER = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('ready', flush=True)
for _ in range(100): print(s.recv(100000).decode(), flush=True)
`

it.runIf(PYTHON && LOGGER)(
  'a syslog of datagrams gets all lines over logger, also those of a killed process',
  async () => {
    const path = join(scratchDirectory(), 'log')
    const receiver = spawn('python3', ['-c', RECEIVER, path], { stdio: ['ignore', 'pipe', 'inherit'] })
    let said = ''
    const ended = new Promise((resolve) => receiver.once('close', resolve))
    await new Promise<void>((resolve) => {
      receiver.stdout.setEncoding('utf8').on('data', (text: string) => {
        said += text
        if (said.startsWith('ready\n')) resolve()
      })
    })
    await killedAfterWriting('syslog.ts', 'openSyslog', path)
    await ended
    const lines = said.trimEnd().split('\n').slice(1)
    expect(lines.map((line) => /^<22>.* mq-run\[\d+\]: (\d+)$/.exec(line)?.[1])).toEqual(
      Array.from({ length: 100 }, (_, index) => String(index)),
    )
  },
)
