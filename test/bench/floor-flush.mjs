/**
 * The least a Node program must do to deliver a queue: rename, read, send over raw connections, unlink. No
 * configuration, no order, no journal, no outcome: a floor for mq-run.
 *
 *     node floor-flush.mjs QUEUE PORT CONNECTIONS
 */
import { readdirSync, readFileSync, renameSync, unlinkSync } from 'node:fs'
import { connect } from 'node:net'

const [queue, port, connections] = process.argv.slice(2)
const names = readdirSync(`${queue}/new`)
const ENVELOPE = 'MAIL FROM:<anna@site.example>\r\nRCPT TO:<berta@remote.example>\r\nDATA\r\n'
const END_OF_METADATA = 'X-Queue-Meta-End: end\r\n'

function deliver() {
  const socket = connect(Number(port), '127.0.0.1').setNoDelay(true).setEncoding('latin1')
  let claimed
  let wanted = '220 '
  let received = ''
  const say = (text, answer) => {
    socket.write(text)
    wanted = answer
  }
  const begin = () => {
    const name = names.pop()
    if (name === undefined) {
      say('QUIT\r\n', '221 ')
      return
    }
    claimed = `${queue}/cur/${name}:1,bench`
    renameSync(`${queue}/new/${name}`, claimed)
    say(ENVELOPE, '354 ')
  }
  const sendMessage = () => {
    const bytes = readFileSync(claimed)
    const message = bytes.subarray(bytes.indexOf(END_OF_METADATA) + END_OF_METADATA.length)
    socket.cork()
    socket.write(message)
    say('.\r\n', '250 ')
    socket.uncork()
  }
  const STEPS = {
    '220 ': () => say('EHLO bench\r\n', '250 '),
    '354 ': sendMessage,
    '250 ': () => {
      if (claimed !== undefined) unlinkSync(claimed)
      begin()
    },
    '221 ': () => socket.end(),
  }
  socket.on('data', (text) => {
    received += text
    if (!received.startsWith(wanted) && !received.includes(`\n${wanted}`)) return
    received = ''
    STEPS[wanted]()
  })
}

for (let each = 0; each < Number(connections); each += 1) deliver()
