/**
 * Stores mail in a Maildir instead of sending it. A message is one file for all its recipients, written and synced in
 * tmp/, then renamed into new/: with the rename it is delivered. Before that a failure leaves nothing behind and defers
 * the message; when the process dies in between, the message is in doubt, as with a server.
 */
import { closeSync, existsSync, mkdirSync, renameSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { describeError } from '../../errors/errno.ts'
import { withLineFeeds } from '../../message/lf-text.ts'
import type { RecipientOutcome } from '../../message/outcome.ts'
import {
  createExclusive,
  giveToOwner,
  syncDirectory,
  syncFile,
  unlinkFile,
  writeAll,
} from '../../util/durable-file.ts'
import { hostName } from '../../util/host-name.ts'
import { randomOctets } from '../../util/random.ts'
import { refusal } from '../failure.ts'
import { interruption } from '../interruption.ts'
import { oneLine } from '../reply.ts'
import type { Delivery, Transport } from '../transport.ts'

/** Makes a directory that is missing; below somebody's own it is theirs, although root makes it. */
async function makeDirectory(path: string): Promise<void> {
  if (existsSync(path)) return
  mkdirSync(path, { recursive: true, mode: 0o700 })
  giveToOwner(path, dirname(path))
  await syncDirectory(dirname(path))
}

/** A name that no other message has, on any host. */
function uniqueName(): string {
  const host = hostName().replace(/[/:\s]/g, '_')
  const random = randomOctets(8).toString('hex')
  return `${Math.floor(Date.now() / 1000)}.P${process.pid}R${random}.${host}`
}

/** The envelope, which nothing else in the file tells. */
function envelopeLines({ sender, recipients }: Delivery['envelope']): Buffer {
  const lines = [`Return-Path: <${sender}>`, ...recipients.map((recipient) => `X-Original-To: ${recipient}`)]
  return Buffer.from(lines.map((line) => `${line.replace(/\p{Cc}/gu, '?')}\n`).join(''))
}

async function writeMessage(path: string, { envelope, content }: Delivery): Promise<void> {
  const fd = createExclusive(path)
  try {
    writeAll(fd, envelopeLines(envelope))
    for await (const chunk of withLineFeeds(content)) writeAll(fd, chunk)
    await syncFile(fd)
  } finally {
    closeSync(fd)
  }
}

/** Delivers to a Maildir. */
export class MaildirTransport implements Transport {
  readonly name: string
  readonly #directory: string

  /** @param directory absolute; it is made when it is missing */
  constructor(directory: string) {
    this.name = `file:${directory}`
    this.#directory = directory
  }

  async send(delivery: Delivery, signal?: AbortSignal): Promise<RecipientOutcome[]> {
    const { recipients } = delivery.envelope
    const name = uniqueName()
    const temporary = join(this.#directory, 'tmp', name)
    const final = join(this.#directory, 'new', name)
    try {
      await this.#store(delivery, temporary, final, signal)
    } catch (error) {
      await unlinkFile(temporary).catch(() => undefined)
      const reason = oneLine(`${this.name}: ${describeError(error)}`)
      return recipients.map((recipient) => refusal(recipient, { phase: 'local', reason }))
    }
    try {
      await syncDirectory(dirname(final))
    } catch (error) {
      const reason = oneLine(`${this.name}: ${describeError(error)}`)
      return recipients.map((recipient) => ({ status: 'in-doubt', recipient, reason }))
    }
    const reply = `stored as new/${basename(final)}`
    return recipients.map((recipient) => ({ status: 'delivered', recipient, reply }))
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  async #store(delivery: Delivery, temporary: string, final: string, signal?: AbortSignal): Promise<void> {
    const stopWhenAsked = (): void => {
      if (signal?.aborted === true) throw new Error(interruption(signal, 'interrupted'))
    }
    stopWhenAsked()
    for (const folder of ['', 'tmp', 'new', 'cur']) await makeDirectory(join(this.#directory, folder))
    delivery.onBodyStart?.()
    await writeMessage(temporary, delivery)
    stopWhenAsked()
    delivery.beforeLastByte?.()
    renameSync(temporary, final)
  }
}
