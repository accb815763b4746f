/**
 * The least a Node program must do to hand the message on its standard input to an SMTP server: no options, no
 * checks, no configuration. A floor for mq-sendmail.
 *
 *     node floor-client.mjs PORT < MESSAGE
 */
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'

const message = readFileSync(0, 'latin1').replaceAll('\n', '\r\n')
const socket = connect(Number(process.argv[2]), '127.0.0.1').setNoDelay(true).setEncoding('latin1')
const steps = [
  ['220 ', 'EHLO bench\r\n'],
  ['250 ', 'MAIL FROM:<anna@site.example>\r\nRCPT TO:<berta@remote.example>\r\nDATA\r\n'],
  ['354 ', `${message}.\r\n`],
  ['250 ', 'QUIT\r\n'],
]
let received = ''
socket.on('data', (text) => {
  received += text
  const [wanted, next] = steps[0]
  if (!received.startsWith(wanted) && !received.includes(`\n${wanted}`)) return
  received = ''
  socket.write(next, 'latin1')
  steps.shift()
  if (steps.length === 0) process.exit(0)
})
