/**
 * How a message ends on its socket. Many messages are small, and for those each packet and each stream in between
 * counts: a message that is in memory and needs no dot of its own leaves in one write, and a longer one at least has its
 * last part and the final dot in one packet. The protocol engine still speaks before and after.
 */
import type { Socket } from 'node:net'
import { Transform } from 'node:stream'

/** How the last byte leaves for the server, so that the final dot goes with it. */
export interface Ending {
  /** Sends a whole message and the final dot, instead of the stream that the engine has made for it. */
  sendWhole(engineStream: NodeJS.WritableStream, message: Buffer): void
  /** What is written from now on leaves together with what follows in this turn. */
  holdBack(): void
}

const FINAL_DOT = Buffer.from('.\r\n')

/** The ending of all messages over one connection. */
export function endingOn(socket: Socket): Ending {
  return {
    sendWhole: (engineStream, message) => {
      if (engineStream instanceof Transform) engineStream.unpipe(socket)
      socket.write(Buffer.concat([message, FINAL_DOT]))
    },
    holdBack: () => {
      socket.cork()
      setImmediate(() => socket.uncork())
    },
  }
}
