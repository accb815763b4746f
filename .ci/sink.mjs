/**
 * An SMTP server on 127.0.0.1 that accepts everything, but for recipients that begin with "nobody", and keeps what it gets, byte for byte: for message N it
 * writes DIRECTORY/N.eml (the message as transferred, dots unstuffed) and then DIRECTORY/N.env (one JSON object:
 * sender, recipients). Its port is in DIRECTORY/port as soon as it listens. It ends when it is killed.
 *
 *     node sink.mjs DIRECTORY [PORT]
 */
import { renameSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'

const [directory, port = '0'] = process.argv.slice(2)
if (directory === undefined) {
  console.error('usage: node sink.mjs DIRECTORY [PORT]')
  process.exit(64)
}

let count = 0

/** Complete files only: whoever waits for the .env must find it whole. */
function put(name, data) {
  writeFileSync(join(directory, `.${name}`), data)
  renameSync(join(directory, `.${name}`), join(directory, name))
}

function keep(envelope, message) {
  count += 1
  put(`${count}.eml`, Buffer.from(message.replace(/(^|\r\n)\./g, '$1'), 'latin1'))
  put(`${count}.env`, `${JSON.stringify(envelope)}\n`)
  return count
}

const pathOf = (line) => /<([^>]*)>/.exec(line)?.[1] ?? ''

const COMMANDS = {
  EHLO: (session) => {
    session.envelope = undefined
    return '250-sink.example\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE 100000000'
  },
  HELO: () => '250 sink.example',
  MAIL: (session, line) => {
    session.envelope = { sender: pathOf(line), recipients: [] }
    return '250 2.1.0 ok'
  },
  RCPT: (session, line) => {
    if (session.envelope === undefined) return '503 5.5.1 MAIL first'
    if (pathOf(line).startsWith('nobody')) return '550 5.1.1 no such user'
    session.envelope.recipients.push(pathOf(line))
    return '250 2.1.5 ok'
  },
  DATA: (session) => {
    if (!session.envelope?.recipients.length) return '503 5.5.1 RCPT first'
    session.inData = true
    return '354 go on'
  },
  RSET: (session) => {
    session.envelope = undefined
    return '250 2.0.0 ok'
  },
  NOOP: () => '250 2.0.0 ok',
  QUIT: (session) => {
    session.over = true
    return '221 2.0.0 bye'
  },
}

/** Takes one command or one whole message from the front of the input; the reply, or undefined for "need more". */
function takeOne(session) {
  if (session.inData) {
    const whole = `\r\n${session.input}`
    const end = whole.indexOf('\r\n.\r\n')
    if (end < 0) return undefined
    const message = whole.slice(2, end + 2)
    session.input = whole.slice(end + 5)
    session.inData = false
    return `250 2.0.0 ok: queued as SINK${keep(session.envelope, message)}`
  }
  const end = session.input.indexOf('\r\n')
  if (end < 0) return undefined
  const line = session.input.slice(0, end)
  session.input = session.input.slice(end + 2)
  const command = COMMANDS[line.slice(0, 4).toUpperCase()]
  return command === undefined ? '502 5.5.2 what?' : command(session, line)
}

const server = createServer((socket) => {
  const session = { input: '', inData: false, over: false, envelope: undefined }
  socket.setEncoding('latin1')
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk) => {
    session.input += chunk
    for (let reply = takeOne(session); reply !== undefined; reply = takeOne(session))
      socket.write(`${reply}\r\n`)
    if (session.over) socket.end()
  })
  socket.write('220 sink.example ESMTP\r\n')
})

server.listen(Number(port), '127.0.0.1', () => put('port', `${server.address().port}\n`))
