/**
 * The mechanisms that send the password as it is, or a digest of it that has no salt: PLAIN (RFC 4616), LOGIN
 * (no standard, but widespread) and CRAM-MD5 (RFC 2195). The password goes out octet for octet as it is configured, in
 * UTF-8, because most servers compare it without preparing it.
 */
import { createHmac } from 'node:crypto'
import { oneShot, SaslError, type SaslClient, type SaslIdentity } from './sasl.ts'

/** PLAIN. No authorization identity is sent: some servers refuse one that is the same as the user. */
export function plain({ user, secret }: SaslIdentity): SaslClient {
  return oneShot(Buffer.from(`\0${user}\0${secret}`))
}

/** LOGIN. What the server asks is not read: servers word it in many ways, but ask in one order. */
export function login({ user, secret }: SaslIdentity): SaslClient {
  const answers = [user, secret]
  return {
    first: undefined,
    step: async () => {
      const answer = answers.shift()
      if (answer === undefined) throw new SaslError('the server asked for more than user name and password')
      return Buffer.from(answer)
    },
    doubt: () => undefined,
  }
}

/** CRAM-MD5. */
export function cramMd5({ user, secret }: SaslIdentity): SaslClient {
  let answered = false
  return {
    first: undefined,
    step: async (challenge) => {
      if (answered) throw new SaslError('the server sent a second challenge')
      if (challenge.length === 0) throw new SaslError('the server sent an empty challenge')
      answered = true
      return Buffer.from(`${user} ${createHmac('md5', secret).update(challenge).digest('hex')}`)
    },
    doubt: () => undefined,
  }
}
