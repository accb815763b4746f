/**
 * Signs what a transport sends. The signature is made on the way out, by whoever sends the message: who only hands it
 * in needs no key, and a message waits unsigned while the key cannot be used, so that none goes out without the
 * signature that its receivers demand. Mail that is not to be signed goes out meanwhile. The same message and key give the
 * same bytes in each attempt.
 */
import { Readable } from 'node:stream'
import type { DkimSettings } from '../config/config.ts'
import { describeError } from '../errors/errno.ts'
import type { Complain } from '../logging/complain.ts'
import type { Logger } from '../logging/logger.ts'
import type { MessageContent } from '../message/content.ts'
import type { DkimKey } from '../message/dkim/key.ts'
import type { RecipientOutcome, Refusal } from '../message/outcome.ts'
import { interruption } from '../transport/interruption.ts'
import type { Delivery, Transport } from '../transport/transport.ts'

async function* chunksUntilAborted(content: MessageContent, signal: AbortSignal): AsyncGenerator<Buffer> {
  for await (const chunk of content.stream() as AsyncIterable<Buffer>) {
    if (signal.aborted) throw new Error(interruption(signal, 'interrupted'))
    yield chunk
  }
}

/** A large message takes time to be signed, and whoever waits for it may not have that time. */
function untilAborted(content: MessageContent, signal: AbortSignal | undefined): MessageContent {
  if (signal === undefined || content.bytes !== undefined) return content
  return {
    ...content,
    stream: () => Readable.from(chunksUntilAborted(content, signal), { objectMode: false }),
  }
}

class SigningTransport implements Transport {
  readonly name: string
  readonly #transport: Transport
  readonly #dkim: DkimSettings
  readonly #log: Logger
  readonly #complain: Complain
  #key: DkimKey | undefined

  constructor(transport: Transport, dkim: DkimSettings, log: Logger, complain: Complain) {
    this.name = transport.name
    this.#transport = transport
    this.#dkim = dkim
    this.#log = log
    this.#complain = complain
  }

  async ready(signal?: AbortSignal): Promise<Refusal | undefined> {
    // The key is a matter of each message: which are to be signed is not known before they are read.
    return this.#transport.ready?.(signal)
  }

  async send(delivery: Delivery, signal?: AbortSignal): Promise<RecipientOutcome[]> {
    let signed: MessageContent | Refusal
    try {
      signed = await this.#signed(delivery.id, untilAborted(delivery.content, signal))
    } catch (error) {
      signed = { status: 'deferred', scope: 'host', reason: describeError(error) }
    }
    if ('status' in signed) {
      const refused = signed
      return delivery.envelope.recipients.map((recipient) => ({ ...refused, recipient }))
    }
    return this.#transport.send({ ...delivery, content: signed }, signal)
  }

  close(): Promise<void> {
    return this.#transport.close()
  }

  async #signed(id: string | undefined, content: MessageContent): Promise<MessageContent | Refusal> {
    const { reasonNotToSign, signContent } = await import('../message/dkim/dkim.ts')
    const reason = await reasonNotToSign(content, this.#dkim.domain)
    if (reason !== undefined) {
      this.#log.info('message.unsigned', { id, reason })
      return content
    }
    const key = await this.#readKey(id)
    return 'status' in key ? key : signContent(content, this.#dkim, key)
  }

  /** A key that was good once is kept; any other is looked at again. */
  async #readKey(id: string | undefined): Promise<DkimKey | Refusal> {
    if (this.#key !== undefined) return this.#key
    const { readDkimKey } = await import('../message/dkim/key.ts')
    const { keyFile, strict } = this.#dkim
    const key = readDkimKey(keyFile)
    if ('reason' in key) return this.#unusable(id, key.reason)
    if (key.exposed !== undefined) {
      const octal = key.exposed.toString(8).padStart(4, '0')
      const remedy = `others can read it (mode ${octal}); do "chmod o-rwx ${keyFile}"`
      if (strict) return this.#unusable(id, `${remedy}, or remove strict_permissions`)
      this.#complain(`the DKIM key ${keyFile}: ${remedy}`)
    }
    this.#key = key
    return key
  }

  /** Whoever gets the outcome tells people: once a run, and not each time. */
  #unusable(id: string | undefined, why: string): Refusal {
    const { keyFile, domain } = this.#dkim
    const reason = `the DKIM key ${keyFile} cannot be used: ${why}; mail of ${domain} is not sent unsigned, it waits`
    this.#log.error('dkim.failed', { id, key: keyFile, reason })
    return { status: 'deferred', scope: 'message', trouble: 'setup', reason }
  }
}

/**
 * Puts the signature in front of a transport.
 *
 * @param dkim the key is read when a message has to be signed; undefined leaves the transport as it is
 * @param complain is told once of a key that others can read
 */
export function signing(
  transport: Transport,
  dkim: DkimSettings | undefined,
  log: Logger,
  complain: Complain = () => undefined,
): Transport {
  return dkim === undefined ? transport : new SigningTransport(transport, dkim, log, complain)
}
