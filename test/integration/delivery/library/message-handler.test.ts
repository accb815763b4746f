/**
 * The library's MessageHandler with real queues and servers, as docs/library.md shows it.
 */
import { closeSync, existsSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  enqueueMessage,
  MaildirQueue,
  MemoryTransport,
  MessageHandler,
  smtpTransport,
  type MailError,
  type Transport,
} from '../../../../src/index.ts'
import { failSyncOf } from '../../../helpers/failing-sync.ts'
import { DEAD_PORT } from '../../../helpers/still-port.ts'
import { holds, settingsOf, sink, temporaryDirectory } from '../workspace.ts'

const MESSAGE =
  'From: a@site.example\nTo: b@site.example\nBcc: secret@site.example\nSubject: s\nDate: x\nMessage-ID: <1@y>\n\nbody\n'
const ADDRESSES = { sender: 'a@site.example', recipients: ['b@site.example'] }

function handlerFor(port: number, queueDir?: string): MessageHandler {
  const transports = [
    smtpTransport(settingsOf(port)),
    ...(queueDir === undefined ? [] : [new MaildirQueue(queueDir)]),
  ]
  const handler = new MessageHandler(transports)
  onTestFinished(() => handler.close())
  return handler
}

describe('a program that is in JavaScript', () => {
  const NO_RECIPIENTS = { code: 'NO_RECIPIENTS', message: 'the message has no recipients; give at least one' }
  const NO_SENDER = {
    code: 'USAGE',
    message: expect.stringMatching(/^sender has to be an address/) as string,
  }
  const NO_TEXT = {
    code: 'USAGE',
    message: expect.stringMatching(/^recipients has to be an address/) as string,
  }

  it.each<[string, unknown, object]>([
    ['no options at all', undefined, NO_RECIPIENTS],
    ['no recipients', { sender: 'a@site.example' }, NO_RECIPIENTS],
    ['an empty list of recipients', { sender: 'a@site.example', recipients: [] }, NO_RECIPIENTS],
    ['no sender', { recipients: ['b@site.example'] }, NO_SENDER],
    ['a sender that is no text', { sender: null, recipients: 'b@site.example' }, NO_SENDER],
    ['a recipient that is no text', { sender: '', recipients: ['b@site.example', undefined] }, NO_TEXT],
    ['recipients that are none', { sender: '', recipients: 5 }, NO_TEXT],
  ])('and gives %s is told so, and nothing is done', async (_, given, failure) => {
    const queueDir = join(temporaryDirectory(), 'queue')
    const to = given as typeof ADDRESSES
    await expect(enqueueMessage(MESSAGE, queueDir, to)).rejects.toMatchObject(failure)
    const transport = new MemoryTransport()
    const handler = new MessageHandler([transport, new MaildirQueue(queueDir)])
    await expect(handler.sendMessage(MESSAGE, to)).rejects.toMatchObject(failure)
    expect([transport.messages, existsSync(queueDir)]).toEqual([[], false])
  })
})

describe('MessageHandler', () => {
  it('sends over SMTP and touches no queue when the server takes the message', async () => {
    const server = await sink()
    const queueDir = join(temporaryDirectory(), 'queue')
    const result = await handlerFor(server.port, queueDir).sendMessage(MESSAGE, ADDRESSES)
    expect(result).toMatchObject({
      accepted: true,
      sent: ['b@site.example'],
      queued: [],
      queueId: undefined,
      messageId: '<1@y>',
    })
    expect(server.messages[0]?.data.toString()).toBe(
      'From: a@site.example\r\nTo: b@site.example\r\nSubject: s\r\nDate: x\r\nMessage-ID: <1@y>\r\n\r\nbody\r\n',
    )
    await expect(holds(queueDir)).rejects.toMatchObject({
      code: 'CONFIG_MISSING',
    } satisfies Partial<MailError>)
  })

  it('queues the message when the server is down', async () => {
    const queueDir = join(temporaryDirectory(), 'queue')
    const result = await handlerFor(DEAD_PORT, queueDir).sendMessage(MESSAGE, ADDRESSES)
    expect(result).toMatchObject({ accepted: true, sent: [], queued: ['b@site.example'] })
    expect(result.queueId).toMatch(/^[0-9A-F]{12}$/)
    expect(await holds(queueDir)).toEqual(['new: b@site.example=deferred'])
  })

  it('says that the message was not accepted when the server is down and there is no queue', async () => {
    const result = await handlerFor(DEAD_PORT).sendMessage(MESSAGE, ADDRESSES)
    expect(result).toMatchObject({
      accepted: false,
      unaccepted: ['b@site.example'],
      problem: { code: 'NOT_ACCEPTED' },
    })
  })

  it('gives each recipient its own result and keeps only those that did not get the message', async () => {
    const server = await sink()
    const queueDir = join(temporaryDirectory(), 'queue')
    const recipients = ['one@x.example', 'reject@x.example', 'defer@x.example']
    const result = await handlerFor(server.port, queueDir).sendMessage(MESSAGE, { sender: '', recipients })
    expect(result).toMatchObject({ accepted: false, sent: ['one@x.example'], queued: ['defer@x.example'] })
    expect(result.refused).toMatchObject([{ recipient: 'reject@x.example', code: 550, enhanced: '5.1.1' }])
    expect(server.messages.map(({ mailFrom, rcptTo }) => [mailFrom, rcptTo])).toEqual([
      ['', ['one@x.example']],
    ])
    expect(await holds(queueDir)).toEqual(['new: reject@x.example=failed defer@x.example=deferred'])
  })

  it('only queues when the queue comes first', async () => {
    const server = await sink()
    const queueDir = join(temporaryDirectory(), 'queue')
    const handler = new MessageHandler([new MaildirQueue(queueDir), smtpTransport(settingsOf(server.port))])
    const result = await handler.sendMessage(Buffer.from(MESSAGE), ADDRESSES)
    expect(result).toMatchObject({ accepted: true, queued: ['b@site.example'] })
    expect(server.connections).toBe(0)
    expect(await holds(queueDir)).toEqual(['new: b@site.example=pending'])
  })

  it('tries the next transport for those that the first could not serve', async () => {
    const server = await sink()
    const handler = new MessageHandler([
      smtpTransport(settingsOf(DEAD_PORT)),
      smtpTransport(settingsOf(server.port)),
    ])
    onTestFinished(() => handler.close())
    expect(await handler.sendMessage(MESSAGE, ADDRESSES)).toMatchObject({
      accepted: true,
      sent: ['b@site.example'],
    })
    expect(server.messages).toHaveLength(1)
  })

  it('refuses an address that cannot be used before anything is done', async () => {
    const server = await sink()
    const call = handlerFor(server.port).sendMessage(MESSAGE, {
      sender: 'a@x',
      recipients: 'b@x\r\nRCPT TO:<c@x>',
    })
    await expect(call).rejects.toMatchObject({ code: 'ADDRESS_INVALID', exitCode: 65 })
    expect(server.connections).toBe(0)
  })
})

describe('conservative message sending', () => {
  it('removes the message that was stored first once the server has it', async () => {
    const server = await sink()
    const queueDir = join(temporaryDirectory(), 'queue')
    const stored = await enqueueMessage(MESSAGE, queueDir, { ...ADDRESSES, inProgress: true })
    expect(await holds(queueDir)).toEqual([
      'cur: b@site.example=pending',
      expect.stringMatching(/^runners: p\d+r/),
      expect.stringMatching(/^runners: .*\.lock$/),
    ])
    const result = await handlerFor(server.port).sendMessage(stored)
    expect(result).toMatchObject({ accepted: true, sent: ['b@site.example'], queueId: undefined })
    expect(server.messages).toHaveLength(1)
    expect(await holds(queueDir)).toEqual([])
  })

  it('stores what the last transport brought, also when the first needed several transactions', async () => {
    const server = await sink()
    const queueDir = join(temporaryDirectory(), 'queue')
    const recipients = ['defer@x.example', 'one@x.example']
    const stored = await enqueueMessage(MESSAGE, queueDir, { sender: '', recipients, inProgress: true })
    const first = smtpTransport(settingsOf(server.port, { max_recipients: 1 }))
    const second = new MemoryTransport()
    const handler = new MessageHandler([first, second])
    onTestFinished(() => handler.close())
    expect(await handler.sendMessage(stored)).toMatchObject({ accepted: true, queueId: undefined })
    expect(server.messages.map(({ rcptTo }) => rcptTo)).toEqual([['one@x.example']])
    expect(second.messages.map(({ recipients: taken }) => taken)).toEqual([['defer@x.example']])
    expect(await holds(queueDir)).toEqual([])
  })

  it('stores who has the message before the next transport is tried', async () => {
    const server = await sink()
    const queueDir = join(temporaryDirectory(), 'queue')
    const recipients = ['one@x.example', 'defer@x.example']
    const stored = await enqueueMessage(MESSAGE, queueDir, { sender: '', recipients, inProgress: true })
    let heldMeanwhile: string[] = []
    const second: Transport = {
      name: 'looks:',
      send: async ({ envelope }) => {
        heldMeanwhile = await holds(queueDir)
        return envelope.recipients.map((recipient) => ({ status: 'delivered', recipient, reply: '250 ok' }))
      },
      close: () => Promise.resolve(),
    }
    const handler = new MessageHandler([smtpTransport(settingsOf(server.port)), second])
    onTestFinished(() => handler.close())
    await handler.sendMessage(stored)
    expect(heldMeanwhile[0]).toBe('cur: one@x.example=delivered defer@x.example=pending')
    expect(await holds(queueDir)).toEqual([])
  })

  it('leaves the message to the queue when the server is down', async () => {
    const queueDir = join(temporaryDirectory(), 'queue')
    const stored = await enqueueMessage(MESSAGE, queueDir, { ...ADDRESSES, inProgress: true })
    const result = await handlerFor(DEAD_PORT).sendMessage(stored)
    expect(result).toMatchObject({ accepted: true, queued: ['b@site.example'], queueId: stored.queueId })
    expect(await holds(queueDir)).toEqual(['new: b@site.example=pending'])
  })

  it('sends a large stored message exactly, whatever files are opened meanwhile', async () => {
    const server = await sink()
    const directory = temporaryDirectory()
    const body = 'A'.repeat(70).concat('\r\n').repeat(40_000)
    const stored = await enqueueMessage(MESSAGE.replace('body\n', body), join(directory, 'queue'), {
      ...ADDRESSES,
      inProgress: true,
    })
    const other = join(directory, 'other')
    writeFileSync(other, 'Z'.repeat(4_000_000))
    const descriptors = Array.from({ length: 8 }, () => openSync(other, 'r'))
    const result = await handlerFor(server.port).sendMessage(stored)
    for (const descriptor of descriptors) closeSync(descriptor)
    expect(result).toMatchObject({ accepted: true, sent: ['b@site.example'] })
    expect(server.messages[0]?.data.toString('latin1').endsWith(`\r\n\r\n${body}`)).toBe(true)
    expect(await holds(join(directory, 'queue'))).toEqual([])
  })

  it('sends a stored message once and refuses to do so again', async () => {
    const server = await sink()
    const queueDir = join(temporaryDirectory(), 'queue')
    const stored = await enqueueMessage(MESSAGE, queueDir, { ...ADDRESSES, inProgress: true })
    const handler = handlerFor(server.port)
    await handler.sendMessage(stored)
    await expect(handler.sendMessage(stored)).rejects.toMatchObject({ code: 'USAGE' })
    await stored.release()
    expect(server.messages).toHaveLength(1)
    expect(await holds(queueDir)).toEqual([])
  })

  it('says that a message was sent although the disk fails afterwards', async () => {
    const server = await sink()
    const queueDir = join(temporaryDirectory(), 'queue')
    const stored = await enqueueMessage(MESSAGE, queueDir, { ...ADDRESSES, inProgress: true })
    failSyncOf('cur')
    const result = await handlerFor(server.port).sendMessage(stored)
    expect(result).toMatchObject({ accepted: true, sent: ['b@site.example'], queueId: undefined })
    expect(server.messages).toHaveLength(1)
    expect(await holds(queueDir)).toEqual([])
  })

  it('says that a stored message is queued although it cannot be given back now', async () => {
    const queueDir = join(temporaryDirectory(), 'queue')
    const queue = new MaildirQueue(queueDir)
    const stored = await enqueueMessage(MESSAGE, queue, { ...ADDRESSES, inProgress: true })
    // A file in the place of the directory that it would go back to.
    renameSync(join(queueDir, 'new'), join(queueDir, 'away'))
    writeFileSync(join(queueDir, 'new'), '')
    const result = await new MessageHandler([queue]).sendMessage(stored)
    expect(result).toMatchObject({ accepted: true, queued: ['b@site.example'], queueId: stored.queueId })
    rmSync(join(queueDir, 'new'))
    renameSync(join(queueDir, 'away'), join(queueDir, 'new'))
    const runner = await queue.openRunner('run')
    await runner.recover(() => Infinity)
    await runner.close()
    expect(await holds(queueDir)).toEqual(['new: b@site.example=pending'])
  })

  it.each(['cur', 'new'])('is released although %s/ cannot be made durable now', async (folder) => {
    const queueDir = join(temporaryDirectory(), 'queue')
    const stored = await enqueueMessage(MESSAGE, queueDir, { ...ADDRESSES, inProgress: true })
    failSyncOf(folder)
    await stored.release()
    expect(await holds(queueDir)).toEqual(['new: b@site.example=pending'])
  })

  it('gives a stored message back when it is released', async () => {
    const queueDir = join(temporaryDirectory(), 'queue')
    const stored = await enqueueMessage(MESSAGE, queueDir, { ...ADDRESSES, inProgress: true })
    await stored.release()
    expect(await holds(queueDir)).toEqual(['new: b@site.example=pending'])
  })
})

describe('smtpTransport', () => {
  it.each([
    [
      { accounts: { work: { smtp_port: 26 } }, fallback: 'work' },
      'settings: accounts is set, but smtpTransport is one server and has no accounts; give it to runQueue or',
    ],
    [
      { deliver: 'discard' },
      'settings: deliver is set, but smtpTransport sends over SMTP, and does not deliver',
    ],
    [{ smtp_hostname: undefined, smtp_port: undefined }, 'no smarthost: smtp_hostname is missing'],
  ])('refuses what it has no use for: %j', (more, why) => {
    expect(() => smtpTransport(settingsOf(25, more))).toThrow(why)
  })
})
