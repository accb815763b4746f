/**
 * The queue as a transport of nodemailer, so that any application that uses nodemailer gets it with one line:
 *
 *     nodemailer.createTransport(mailqueueTransport({ smtp_hostname: ..., queue_dir: ... }))
 *
 * A mail that was sent or durably queued for every recipient is a success; a refusal of some is in `rejected`;
 * everything else is an error, which says what became of each recipient.
 */
import { userInfo } from 'node:os'
import type { Readable } from 'node:stream'
import type { Config } from '../../config/config.ts'
import { configFromSettings, type MailqueueSettings } from '../../config/settings.ts'
import { describeError } from '../../errors/errno.ts'
import type { Complain } from '../../logging/complain.ts'
import type { Logger } from '../../logging/logger.ts'
import { VERSION } from '../../util/version.ts'
import { configuredContext, configuredLog, queueIn } from '../configured.ts'
import type { DeliveryContext } from '../context.ts'
import { givenEnvelope } from './given-envelope.ts'
import { prepareMessage } from './prepare-message.ts'
import { refusalWords, SubmissionError } from './submission-error.ts'
import type { SubmitResult } from '../submit.ts'
import { submissionOverAccounts, type AccountSubmission } from '../submit-over-accounts.ts'

/** What this transport needs of a nodemailer message. */
export interface ComposedMail {
  readonly message: {
    getEnvelope(): { from: string | false; to: string[] }
    createReadStream(): Readable
  }
}

/** The result that nodemailer hands to the application. */
export interface MailqueueInfo {
  readonly envelope: { readonly from: string; readonly to: string[] }
  readonly messageId: string
  /** Sent or queued. */
  readonly accepted: string[]
  /** Refused for good. */
  readonly rejected: string[]
  /** Those of `accepted` that are in the queue. */
  readonly pending: string[]
  /** The queue id, when there is anything in the queue. */
  readonly queueId: string | undefined
  /** What this site lacks to send what is pending, so that a person has to do something. */
  readonly fault?: string
  /** One line for people. */
  readonly response: string
}

/** A transport as nodemailer.createTransport takes it. */
export interface NodemailerTransport {
  readonly name: string
  readonly version: string
  send(mail: ComposedMail, callback: (error: Error | null, info: MailqueueInfo) => void): void
  /**
   * Looks whether mail can be handed in. With a queue it can when the queue can be written, also while the server is
   * down; without one when each server can be reached and takes the login. Nothing is sent.
   *
   * @returns true; nothing when there is a callback, which gets true in that case
   * @throws MailError QUEUE_* or CONFIG_* when mail cannot be queued; NOT_ACCEPTED or CONFIG_* when there is no queue
   *   and mail cannot be sent
   */
  verify(): Promise<true>
  verify(callback: VerifyCallback): void
  close(): void
}

/** Is told what {@link NodemailerTransport.verify} found. */
type VerifyCallback = (error: Error | null, success: boolean) => void

interface Open {
  readonly submission: AccountSubmission
  readonly context: DeliveryContext
}

/** Whoever runs the program; looked up only when an account asks for it. */
const submitter = {
  get uid() {
    return process.getuid?.()
  },
  get user() {
    try {
      return userInfo().username
    } catch {
      return undefined
    }
  },
}

async function open(given: Config, complain: Complain): Promise<Open> {
  const drop =
    given.submitDir === undefined ? undefined : await (await import('../way-in.ts')).dropInstead(given)
  const config = drop?.config ?? given
  const log: Logger = await configuredLog(config, 'mailqueue', complain)
  const context = await configuredContext(config, log, complain)
  const queue = drop?.queue ?? (config.queueDir === undefined ? undefined : await queueIn(config.queueDir))
  const routing = { config, account: undefined, submitter, complain }
  return { submission: submissionOverAccounts(routing, { queue, spool: config.spool }, context), context }
}

function response(result: SubmitResult): string {
  const parts = [
    result.sent.length > 0 ? `sent to ${result.sent.join(', ')}` : '',
    result.queued.length > 0 ? `queued as ${result.queueId ?? ''} for ${result.queued.join(', ')}` : '',
    refusalWords(result.refused),
  ]
  return parts.filter((part) => part !== '').join('; ')
}

async function sendMail(mail: ComposedMail, { submission, context }: Open): Promise<MailqueueInfo> {
  const given = mail.message.getEnvelope()
  const addressed = givenEnvelope({ sender: given.from === false ? '' : given.from, recipients: given.to })
  const { content, messageId } = await prepareMessage(
    mail.message.createReadStream(),
    addressed.sender,
    context.clock,
  )
  try {
    const result = await submission.submit({ envelope: addressed, content })
    const accepted = [...result.sent, ...result.queued]
    const isRefused = accepted.length === 0 && result.refused.length > 0
    if (result.problem !== undefined || isRefused) throw new SubmissionError(result)
    return {
      envelope: { from: addressed.sender, to: [...addressed.recipients] },
      messageId: messageId ?? '',
      accepted,
      rejected: result.refused.map((refused) => refused.recipient),
      pending: [...result.queued],
      queueId: result.queueId,
      ...(result.fault === undefined ? {} : { fault: result.fault }),
      response: response(result),
    }
  } finally {
    content.close()
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(describeError(error))
}

/**
 * Makes a transport for nodemailer.
 *
 * @param settings the keys of mailqueue.conf(5)
 * @param complain takes warnings for people (a log that cannot be written, a plug-in that fails)
 * @throws MailError CONFIG_* for wrong settings, at once
 */
export function mailqueueTransport(
  settings: MailqueueSettings,
  complain: Complain = () => undefined,
): NodemailerTransport {
  const config = configFromSettings(settings)
  let opened: Promise<Open> | undefined
  const ready = async (): Promise<Open> => {
    const opening = (opened ??= open(config, complain))
    try {
      return await opening
    } catch (error) {
      // The next mail tries again.
      if (opened === opening) opened = undefined
      throw error
    }
  }
  const underWay = new Set<Promise<unknown>>()
  const send = async (mail: ComposedMail): Promise<MailqueueInfo> => {
    const sending = ready().then((parts) => sendMail(mail, parts))
    underWay.add(sending)
    try {
      return await sending
    } finally {
      underWay.delete(sending)
    }
  }
  const close = async (): Promise<void> => {
    const closing = opened
    opened = undefined
    const sending = [...underWay]
    const { submission, context } = (await closing?.catch(() => undefined)) ?? {}
    await submission?.close()
    await Promise.allSettled(sending)
    await context?.plugins.close?.()
  }
  async function look(): Promise<true> {
    // What is opened complains of logs and plug-ins that cannot be used.
    const { context } = await ready()
    const { verifyIntake } = await import('./verify-intake.ts')
    await verifyIntake(config, context.log)
    return true
  }
  function verify(): Promise<true>
  function verify(callback: VerifyCallback): void
  function verify(callback?: VerifyCallback): Promise<true> | undefined {
    if (callback === undefined) return look()
    look().then(
      () => callback(null, true),
      (error: unknown) => callback(asError(error), false),
    )
    return undefined
  }
  return {
    name: 'mailqueue',
    version: VERSION,
    send: (mail, callback) => {
      send(mail).then(
        (info) => callback(null, info),
        (error: unknown) => {
          // nodemailer's callback has no way to leave the result out, and reads none after an error.
          const nothing: MailqueueInfo = {
            envelope: { from: '', to: [] },
            messageId: '',
            accepted: [],
            rejected: [],
            pending: [],
            queueId: undefined,
            response: '',
          }
          callback(asError(error), nothing)
        },
      )
    },
    verify,
    close: () => void close(),
  }
}
