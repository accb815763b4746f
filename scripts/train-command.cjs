/**
 * Runs a command once in this process, with a mail to a server that is also here, and stores what there is to learn
 * from it; called by the build, with a message on standard input.
 *
 *     node train-command.cjs plan COMMAND CALL FILE         the modules that the call runs
 *     node train-command.cjs cache COMMAND CALL PACK...     what V8 has compiled of each pack
 *
 * COMMAND is the path of a file in bin/.
 */
'use strict'
const { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } = require('node:fs')
const { createServer } = require('node:net')
const { tmpdir } = require('node:os')
const { basename, join } = require('node:path')
const { CALLS } = require('./training-calls.cjs')

/** The last recipient has to wait, so that one call shows how a message is sent and how it is queued. */
const REPLIES = [
  ['EHLO', '250-local\r\n250-PIPELINING\r\n250 8BITMIME'],
  ['RCPT TO:<c@', '451 4.2.1 later'],
  ['DATA', '354 go on'],
  ['QUIT', '221 bye'],
  ['', '250 2.0.0 ok'],
]
const QUEUED = `Return-path: <a@site.example>\r
Envelope-to: b@site.example\r
X-Queue-Date: Sat, 21 Nov 2026 20:12:00 +0000\r
X-Queue-Meta-End: end\r
Subject: x\r
\r
x\r
`

const [task, command, which, ...rest] = process.argv.slice(2)
const name = basename(command)
const call = CALLS[name][which]
// each module of a command that is not sorted yet says that it runs
globalThis.__ran = []
const directory = mkdtempSync(join(tmpdir(), 'mailqueue-build-'))

const server = createServer((socket) => {
  let inData = false
  socket.write('220 local ESMTP\r\n')
  socket.on('error', () => undefined)
  socket.on('data', (bytes) => {
    for (const line of bytes.toString('latin1').split('\r\n')) {
      if (line === '' || (inData && line !== '.')) continue
      inData = line === 'DATA'
      socket.write(`${REPLIES.find(([start]) => line.startsWith(start))[1]}\r\n`)
    }
  })
})

/** Notes, as a command does that could not connect, that the server is to be left alone for a while. */
function noteFailure(queue, port) {
  const now = Date.now()
  const state = {
    trouble: 'connection',
    reason: 'x',
    failures: 3,
    since: now,
    failedAt: now,
    until: now + 60_000,
  }
  mkdirSync(join(queue, 'notes'), { recursive: true })
  const server = encodeURIComponent(`smtp://127.0.0.1:${port}`)
  writeFileSync(join(queue, 'notes', `account.${server}`), JSON.stringify(state))
}

function storeCaches() {
  const { packs, read } = require(command)
  const known = new Set(packs.map(({ pack }) => pack))
  for (const pack of rest) if (!known.has(pack)) read(pack)
  // Commands may start meanwhile: they find a whole cache or none.
  for (const { cacheFile, script } of packs) {
    writeFileSync(`${cacheFile}.new`, script.createCachedData())
    renameSync(`${cacheFile}.new`, cacheFile)
  }
}

process.on('exit', () => {
  rmSync(directory, { recursive: true, force: true })
  process.umask(0o022)
  if (task === 'plan') writeFileSync(rest[0], JSON.stringify(globalThis.__ran))
  else storeCaches()
})

server.listen(0, '127.0.0.1', () => {
  const config = join(directory, 'mailqueue.conf')
  const queue = join(directory, 'queue')
  const port = server.address().port
  writeFileSync(
    config,
    `[mailqueue]\nsmtp_hostname = 127.0.0.1\nsmtp_port = ${port}\nqueue_dir = ${queue}\n${call.setting ?? ''}\n`,
  )
  mkdirSync(join(queue, 'new'), { recursive: true })
  if (call.down === true) noteFailure(queue, port)
  if (call.queued === true) writeFileSync(join(queue, 'new', '1795291920.M1P1Q1.local'), QUEUED)
  process.env.MAILQUEUE_CONF = config
  process.env.HOME = directory
  process.argv = [process.execPath, name, ...call.args]
  require(command)
})
