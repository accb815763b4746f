/**
 * The transport for nodemailer, used through nodemailer itself as an application does.
 */
import { join } from 'node:path'
import { createTransport } from 'nodemailer'
import { describe, expect, it, onTestFinished } from 'vitest'
import { mailqueueTransport, type MailqueueInfo } from '../../../src/index.ts'
import { deadPort, holds, settingsOf, sink, tellingPlugin, temporaryDirectory, told } from './workspace.ts'

const MAIL = {
  from: 'App <app@site.example>',
  to: 'b@x.example',
  bcc: 'c@x.example',
  subject: 'Grüße',
  text: 'hello',
}

function send(settings: Record<string, unknown>, mail: object = MAIL): Promise<MailqueueInfo> {
  const transporter = createTransport(mailqueueTransport(settings))
  onTestFinished(() => transporter.close())
  return transporter.sendMail(mail)
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
    const info = await send(settingsOf(await deadPort(), { queue_dir: queueDir }))
    expect(info).toMatchObject({
      accepted: ['b@x.example', 'c@x.example'],
      pending: ['b@x.example', 'c@x.example'],
    })
    expect(info.response).toBe(`queued as ${info.queueId ?? ''} for b@x.example, c@x.example`)
    expect(await holds(queueDir)).toEqual(['new: b@x.example=deferred c@x.example=deferred'])
  })

  it('fails when the server is down and there is no queue', async () => {
    await expect(send(settingsOf(await deadPort()))).rejects.toMatchObject({
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

  it('refuses wrong settings at once', () => {
    expect(() => mailqueueTransport({ smtp_hostname: 'h', colour: 'red' })).toThrow(/colour/)
  })
})
