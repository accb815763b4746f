import { MemoryTransport } from '../../../src/transport/memory.ts'
import { refusal, replyFailure } from '../../../src/transport/failure.ts'
import { SmtpTransport } from '../../../src/transport/smtp.ts'
import { startSmtpSink } from '../../helpers/smtp-sink.ts'
import { describeTransport } from './contract.ts'
import { settingsFor } from './settings.ts'

describeTransport('SmtpTransport', async () => {
  const sink = await startSmtpSink()
  const transport = new SmtpTransport(settingsFor(sink.port))
  return {
    transport,
    arrived: () =>
      sink.messages.map(({ mailFrom, rcptTo, data }) => ({ sender: mailFrom, recipients: rcptTo, data })),
    stop: async () => {
      await transport.close()
      await sink.close()
    },
  }
})

describeTransport('SmtpTransport without PIPELINING', async () => {
  const sink = await startSmtpSink({ extensions: ['8BITMIME'] })
  const transport = new SmtpTransport(settingsFor(sink.port, { connections: 1 }))
  return {
    transport,
    arrived: () =>
      sink.messages.map(({ mailFrom, rcptTo, data }) => ({ sender: mailFrom, recipients: rcptTo, data })),
    stop: async () => {
      await transport.close()
      await sink.close()
    },
  }
})

describeTransport('SmtpTransport over LMTP', async () => {
  const sink = await startSmtpSink()
  const transport = new SmtpTransport(settingsFor(sink.port, { protocol: 'lmtp' }))
  return {
    transport,
    arrived: () =>
      sink.messages.map(({ mailFrom, rcptTo, data }) => ({ sender: mailFrom, recipients: rcptTo, data })),
    stop: async () => {
      await transport.close()
      await sink.close()
    },
  }
})

describeTransport('MemoryTransport', () => {
  const transport = new MemoryTransport((recipient) => {
    if (recipient.includes('reject')) return refusal(recipient, replyFailure('rcpt', '550 5.1.1 no'))
    return recipient.includes('defer') ? refusal(recipient, replyFailure('rcpt', '451 4.2.0 no')) : undefined
  })
  return Promise.resolve({
    transport,
    arrived: () => transport.messages.map(({ sender, recipients, data }) => ({ sender, recipients, data })),
    stop: () => transport.close(),
  })
})
