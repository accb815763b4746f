/**
 * The transport for nodemailer, used through nodemailer itself as an application does.
 */
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createTransport } from 'nodemailer'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  EX,
  MailError,
  mailqueueTransport,
  SubmissionError,
  type MailqueueInfo,
} from '../../../../src/index.ts'
import { DEAD_PORT } from '../../../helpers/still-port.ts'
import { holds, settingsOf, sink, tellingPlugin, temporaryDirectory, told } from '../workspace.ts'

const MAIL = {
  from: 'App <app@site.example>',
  to: 'b@x.example',
  bcc: 'c@x.example',
  subject: 'Grüße',
  text: 'hello',
}

const mailer = (settings: Record<string, unknown>) => {
  const transporter = createTransport(mailqueueTransport(settings))
  onTestFinished(() => transporter.close())
  return transporter
}

function send(settings: Record<string, unknown>, mail: object = MAIL): Promise<MailqueueInfo> {
  return mailer(settings).sendMail(mail)
}

describe('mailqueueTransport', () => {
  it('sends a mail that nodemailer composed, to all recipients and without naming the hidden ones', async () => {
    const server = await sink()
    const info = await send(settingsOf(server.port))
    expect(info).toMatchObject({ accepted: ['b@x.example', 'c@x.example'], rejected: [], pending: [] })
    const [message] = server.messages
    expect([message?.mailFrom, message?.rcptTo]).toEqual(['app@site.example', ['b@x.example', 'c@x.example']])
    expect(message?.data.toString()).not.toContain('c@x.example')
    expect(message?.data.toString()).toContain(`Message-ID: ${info.messageId}`)
  })

  it('queues the mail when the server is down and says so', async () => {
    const queueDir = join(temporaryDirectory(), 'queue')
    const info = await send(settingsOf(DEAD_PORT, { queue_dir: queueDir }))
    expect(info).toMatchObject({
      accepted: ['b@x.example', 'c@x.example'],
      pending: ['b@x.example', 'c@x.example'],
    })
    expect(info.response).toBe(`queued as ${info.queueId ?? ''} for b@x.example, c@x.example`)
    expect(await holds(queueDir)).toEqual(['new: b@x.example=deferred c@x.example=deferred'])
  })

  it('fails when the server is down and there is no queue', async () => {
    await expect(send(settingsOf(DEAD_PORT))).rejects.toMatchObject({
      code: 'NOT_ACCEPTED',
      temporary: true,
    })
  })

  it('lists refused recipients and fails only when all were refused', async () => {
    const server = await sink()
    const some = await send(settingsOf(server.port), {
      ...MAIL,
      to: ['b@x.example', 'reject@x.example'],
      bcc: [],
    })
    expect(some).toMatchObject({ accepted: ['b@x.example'], rejected: ['reject@x.example'] })
    const none = send(settingsOf(server.port), { ...MAIL, to: 'reject@x.example', bcc: [] })
    await expect(none).rejects.toMatchObject({ code: 'RECIPIENT_REFUSED', temporary: false })
  })

  it('ends its plug-ins when it is closed, after the mail that is under way', async () => {
    const server = await sink()
    const directory = temporaryDirectory()
    const plugins = [tellingPlugin(directory)]
    const transporter = createTransport(mailqueueTransport(settingsOf(server.port, { plugins })))
    const sending = transporter.sendMail(MAIL)
    transporter.close()
    await sending
    await told(directory, ['begins', 'called', 'ends'])
    await transporter.sendMail(MAIL)
    transporter.close()
    await told(directory, ['begins', 'called', 'ends', 'begins', 'called', 'ends'])
    expect(server.messages).toHaveLength(2)
  })

  const SPAM = { dot: () => '554 5.7.1 spam' }

  it('fails with the words, the codes and the recipients of a server that refuses the message', async () => {
    const server = await sink(SPAM)
    await expect(send(settingsOf(server.port))).rejects.toMatchObject({
      code: 'MESSAGE_REFUSED',
      exitCode: EX.UNAVAILABLE,
      dsn: '5.7.1',
      temporary: false,
      recipient: undefined,
      message: 'b@x.example, c@x.example were refused: 554 5.7.1 spam; the message is not kept',
      rejected: ['b@x.example', 'c@x.example'],
      responseCode: 554,
      response: '554 5.7.1 spam',
      result: {
        refused: [
          { recipient: 'b@x.example', scope: 'message', code: 554, enhanced: '5.7.1' },
          { recipient: 'c@x.example', scope: 'message', code: 554, enhanced: '5.7.1' },
        ],
        queueId: undefined,
      },
    })
  })

  it('names the message that is kept in failed/', async () => {
    const server = await sink(SPAM)
    const queueDir = join(temporaryDirectory(), 'queue')
    const failure: unknown = await send(settingsOf(server.port, { queue_dir: queueDir })).catch(
      (error: unknown) => error,
    )
    expect(failure).toBeInstanceOf(SubmissionError)
    const { message, result } = failure as SubmissionError
    expect(result.queueId).toMatch(/^\w+$/)
    expect(message).toContain(`554 5.7.1 spam; the message is kept in failed/ as ${result.queueId ?? ''}`)
    expect(await holds(queueDir)).toEqual(['failed: b@x.example=failed c@x.example=failed'])
  })

  it('has the code of a server that refuses a recipient, and claims none that no server said', async () => {
    const replies: Record<string, string> = {
      unknown: '550 5.1.1 no such user',
      policy: '550 5.7.1 not from here',
      plain: '550 no',
    }
    const server = await sink({ rcpt: ({ address }) => replies[address.split('@')[0] ?? ''] })
    const failureOf = (...names: readonly string[]) =>
      send(settingsOf(server.port), { ...MAIL, to: names.map((name) => `${name}@x.example`), bcc: [] }).catch(
        (error: unknown) => error,
      )
    const refused = { code: 'RECIPIENT_REFUSED', exitCode: EX.NOUSER }
    expect(await failureOf('unknown')).toMatchObject({
      ...refused,
      dsn: '5.1.1',
      recipient: 'unknown@x.example',
    })
    expect(await failureOf('policy')).toMatchObject({ ...refused, dsn: '5.7.1' })
    expect(await failureOf('plain')).toMatchObject({ ...refused, dsn: '5.0.0' })
    expect(await failureOf('unknown', 'policy')).toMatchObject({
      ...refused,
      dsn: '5.0.0',
      recipient: undefined,
      message:
        'unknown@x.example was refused: 550 5.1.1 no such user; ' +
        'policy@x.example was refused: 550 5.7.1 not from here; the message is not kept',
    })
  })

  it('tells who has a mail that was not accepted for all, so that it is not sent to them again', async () => {
    const server = await sink()
    const mail = { ...MAIL, to: ['b@x.example', 'defer@x.example', 'reject@x.example'], bcc: [] }
    await expect(send(settingsOf(server.port), mail)).rejects.toMatchObject({
      code: 'NOT_ACCEPTED',
      exitCode: EX.TEMPFAIL,
      dsn: '4.4.1',
      message: expect.stringMatching(/451 4\.2\.0 .*\(not accepted for defer@x\.example\)$/) as string,
      rejected: ['reject@x.example'],
      result: { sent: ['b@x.example'], unaccepted: ['defer@x.example'] },
    })
  })

  it('verifies that mail can be queued, also while the server is down, and leaves nothing behind', async () => {
    const queueDir = join(temporaryDirectory(), 'queue')
    const usable = mailer(settingsOf(DEAD_PORT, { queue_dir: queueDir }))
    expect(await usable.verify()).toBe(true)
    expect(existsSync(queueDir)).toBe(false)
    await usable.sendMail(MAIL)
    expect(await usable.verify()).toBe(true)
    expect(await holds(queueDir)).toEqual(['new: b@x.example=deferred c@x.example=deferred'])
  })

  it('does not verify a queue that cannot be written', async () => {
    const directory = temporaryDirectory()
    writeFileSync(join(directory, 'file'), '')
    const { port } = await sink()
    const verified = (queueDir: string) => mailer(settingsOf(port, { queue_dir: queueDir })).verify()
    await expect(verified(join(directory, 'file'))).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    await expect(verified(join(directory, 'no/queue'))).rejects.toMatchObject({ code: 'CONFIG_MISSING' })
    expect(readdirSync(directory)).toEqual(['file'])
  })

  it('verifies without a queue that the server takes the login', async () => {
    const server = await sink()
    expect(await mailer(settingsOf(server.port)).verify()).toBe(true)
    expect([server.connections, server.messages]).toEqual([1, []])
    const login = { smtp_username: 'u', smtp_password: 'p', insecure_auth: true }
    const failures = [
      [settingsOf(DEAD_PORT), 'NOT_ACCEPTED', /^mail over the account default cannot be sent: .*refused/i],
      [settingsOf(server.port, login), 'NOT_ACCEPTED', /there is no queue_dir to keep it in$/],
      [settingsOf(server.port, { tls: 'verify', tls_ca: '/nowhere' }), 'CONFIG_INVALID', /nowhere/],
      [{}, 'CONFIG_MISSING', /neither be sent nor queued/],
    ] as const
    for (const [settings, code, words] of failures) {
      await expect(mailer(settings).verify()).rejects.toMatchObject({
        code,
        message: expect.stringMatching(words) as string,
      })
    }
  })

  it('verifies for a callback as well', async () => {
    const server = await sink()
    const verified = (settings: Record<string, unknown>) =>
      new Promise((resolve) =>
        mailer(settings).verify((error, success) =>
          resolve([error instanceof MailError && error.code, success]),
        ),
      )
    expect(await verified(settingsOf(server.port))).toEqual([false, true])
    expect(await verified(settingsOf(DEAD_PORT))).toEqual(['NOT_ACCEPTED', false])
  })

  it('says in its own words that a mail has no recipients', async () => {
    const server = await sink()
    const nobody = send(settingsOf(server.port), { ...MAIL, to: [], bcc: [] })
    await expect(nobody).rejects.toMatchObject({
      code: 'NO_RECIPIENTS',
      message: 'the message has no recipients; give at least one',
    })
    expect(server.connections).toBe(0)
  })

  it('refuses wrong settings at once', () => {
    const wrong: Record<string, unknown> = { smtp_hostname: 'h', colour: 'red' }
    expect(() => mailqueueTransport(wrong)).toThrow(/colour/)
    const misspelt: Record<string, unknown> = { smtp_host: 'h' }
    expect(() => mailqueueTransport(misspelt)).toThrow(
      'unknown option "smtp_host"; did you mean "smtp_hostname"?',
    )
  })
})
