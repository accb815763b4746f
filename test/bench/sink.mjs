/**
 * An SMTP server that accepts everything and keeps nothing, for machines without smtp-sink. It looks at no
 * address and no message, only at commands and at the end of the data.
 *
 *     node sink.mjs PORT
 */
import { createServer } from 'node:net'

const END_OF_DATA = '\r\n.\r\n'
const REPLIES = {
  EHLO: '250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n',
  DATA: '354 go on\r\n',
  QUIT: '221 bye\r\n',
}

function serve(socket) {
  let pending = ''
  let inData = false
  socket.setNoDelay(true)
  socket.setEncoding('latin1')
  socket.on('error', () => socket.destroy())
  socket.write('220 sink ESMTP\r\n')
  socket.on('data', (text) => {
    pending += text
    let replies = ''
    for (;;) {
      const mark = inData ? END_OF_DATA : '\r\n'
      const at = pending.indexOf(mark)
      if (at === -1) break
      const verb = inData ? '' : pending.slice(0, 4).toUpperCase()
      // the line end before the dot may be that of DATA itself
      pending = pending.slice(verb === 'DATA' ? at : at + mark.length)
      inData = verb === 'DATA'
      replies += REPLIES[verb] ?? '250 ok\r\n'
    }
    if (replies.includes('221 ')) socket.end(replies)
    else if (replies !== '') socket.write(replies)
  })
}

createServer(serve).listen(Number(process.argv[2]), '127.0.0.1', 1000)
