/** What a scripted server can do at one step of a session. */
import type { Socket } from 'node:net'
import type { SecureContextOptions, TLSSocketOptions } from 'node:tls'

/** How a server speaks TLS; key and certificate are PEM. */
export type TlsServerOptions = TLSSocketOptions &
  SecureContextOptions & { readonly key: string; readonly cert: string }

/** What the server does at one step. Text is sent with CRLF at its end; LF in it separates lines. */
export type Reaction =
  | string
  /** Bytes as they are, without CRLF. At `data` a message may follow. */
  | { readonly raw: string }
  /** The same, and then the end of the connection. */
  | { readonly rawDrop: string }
  /** Nothing at all from here on (the client waits), a closed connection, a connection ended with RST. */
  | { readonly just: 'stall' | 'drop' | 'reset' }
  /** Closes the connection after a last reply. */
  | { readonly drop: string }
  /** The reply once the promise is fulfilled. */
  | { readonly after: Promise<unknown>; readonly reply: string }
  /** The reply byte by byte, each in a packet of its own. */
  | { readonly bytewise: string }

export const STALL: Reaction = { just: 'stall' }
export const DROP: Reaction = { just: 'drop' }
export const RESET: Reaction = { just: 'reset' }

/** The reply that a reaction sends as a whole; empty when it sends none. */
export function replyOf(reaction: Reaction): string {
  if (typeof reaction === 'string') return reaction
  if ('drop' in reaction) return reaction.drop
  if ('bytewise' in reaction) return reaction.bytewise
  return 'raw' in reaction ? reaction.raw : ''
}

/** True for a reaction after which the server reads nothing more. */
export function breaksOff(reaction: Reaction): boolean {
  return typeof reaction !== 'string' && ('just' in reaction || 'drop' in reaction || 'rawDrop' in reaction)
}

/** Writes text so that each byte goes into a packet of its own. */
export async function writeBytewise(socket: Socket, text: string): Promise<void> {
  for (const byte of text) {
    if (!socket.writable) return
    socket.write(byte)
    await new Promise((resolve) => setImmediate(resolve))
  }
}
