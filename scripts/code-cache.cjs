/**
 * Makes the code cache of one command, called by the build: runs the command once in this process, with a mail to
 * a server that is also here, and stores what V8 has compiled when it ends.
 *
 *     node code-cache.cjs START-COMMAND.CJS COMMAND < MESSAGE
 */
'use strict'
const { mkdirSync, mkdtempSync, rmSync, writeFileSync } = require('node:fs')
const { createServer } = require('node:net')
const { tmpdir } = require('node:os')
const { join } = require('node:path')

const REPLIES = { EHLO: '250-local\r\n250-PIPELINING\r\n250 8BITMIME', DATA: '354 go on', QUIT: '221 bye' }
const QUEUED = `Return-path: <a@site.example>\r
Envelope-to: b@site.example\r
X-Queue-Date: Sat, 21 Nov 2026 20:12:00 +0000\r
X-Queue-Meta-End: end\r
Subject: x\r
\r
x\r
`
const CALLS = {
  'mq-sendmail': ['-f', 'a@site.example', 'b@site.example'],
  'mq-mail': ['-s', 'x', '-r', 'a@site.example', 'b@site.example'],
  'mq-run': [],
  'mq-send-test': ['--quiet', '--from', 'a@site.example', '--to', 'b@site.example'],
  'mq-queue': ['list'],
  'mq-auth': ['--help'],
  'mq-configure': ['--help'],
}

const [startFile, name] = process.argv.slice(2)
const { script, run, cacheFile } = require(startFile).load(name)
const directory = mkdtempSync(join(tmpdir(), 'mailqueue-build-'))

const server = createServer((socket) => {
  let inData = false
  socket.write('220 local ESMTP\r\n')
  socket.on('error', () => undefined)
  socket.on('data', (bytes) => {
    for (const line of bytes.toString('latin1').split('\r\n')) {
      if (line === '' || (inData && line !== '.')) continue
      inData = line === 'DATA'
      socket.write(`${REPLIES[line.slice(0, 4)] ?? '250 2.0.0 ok'}\r\n`)
    }
  })
})

process.on('exit', () => {
  rmSync(directory, { recursive: true, force: true })
  process.umask(0o022)
  writeFileSync(cacheFile, script.createCachedData())
})

server.listen(0, '127.0.0.1', () => {
  const config = join(directory, 'mailqueue.conf')
  const queue = join(directory, 'queue')
  const port = server.address().port
  writeFileSync(config, `[mailqueue]\nsmtp_hostname = 127.0.0.1\nsmtp_port = ${port}\nqueue_dir = ${queue}\n`)
  mkdirSync(join(queue, 'new'), { recursive: true })
  writeFileSync(join(queue, 'new', '1795291920.M1P1Q1.local'), QUEUED)
  process.env.MAILQUEUE_CONF = config
  process.argv = [process.execPath, name, ...CALLS[name]]
  run()
})
