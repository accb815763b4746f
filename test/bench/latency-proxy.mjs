/**
 * A TCP proxy that holds back what it forwards, in each direction for the same time, as a long way to the server does.
 * The order stays, and nothing is merged or split on purpose.
 *
 *     node latency-proxy.mjs PORT TARGET_PORT MILLISECONDS
 */
import { connect, createServer } from 'node:net'

/** Forwards what one side says to the other, `delay` milliseconds later, its end included. */
function forward(from, to, delay) {
  const later = (action) => setTimeout(action, delay)
  from.on('data', (bytes) => later(() => to.writable && to.write(bytes)))
  from.on('end', () => later(() => to.end()))
  from.on('error', () => to.destroy())
  from.on('close', () => later(() => to.destroy()))
}

const [port, target, delay] = process.argv.slice(2).map(Number)
const server = createServer({ allowHalfOpen: true }, (client) => {
  const upstream = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true })
  for (const socket of [client, upstream]) socket.setNoDelay(true)
  forward(client, upstream, delay)
  forward(upstream, client, delay)
})
server.listen(port, '127.0.0.1', 1000)
