/** The account settings and messages that the transport tests start from. */
import type { SmtpSettings, SmtpTimeouts } from '../../../src/config/config.ts'
import { bufferContent } from '../../../src/message/content.ts'
import { authSettings } from './auth-settings.ts'
import type { Delivery } from '../../../src/transport/transport.ts'

/** Long enough never to end by itself in a test. */
export const LONG: SmtpTimeouts = {
  connect: 30_000,
  banner: 30_000,
  command: 30_000,
  data: 30_000,
  block: 30_000,
  dot: 30_000,
}

/** A smarthost on 127.0.0.1 without TLS and login, with everything else as given. */
export function settingsFor(port: number, others: Partial<SmtpSettings> = {}): SmtpSettings {
  return {
    protocol: 'smtp',
    host: '127.0.0.1',
    port,
    socket: undefined,
    srv: undefined,
    sourceIp: undefined,
    proxy: undefined,
    implicitTls: false,
    tls: 'off',
    tlsCa: undefined,
    tlsFingerprints: [],
    tlsCert: undefined,
    tlsKey: undefined,
    tlsMinVersion: '1.2',
    tlsName: undefined,
    username: undefined,
    password: undefined,
    auth: authSettings(),
    insecureAuth: false,
    helo: 'client.example',
    timeouts: LONG,
    connections: 4,
    messagesPerConnection: 100,
    maxRecipients: 100,
    limits: undefined,
    replyFilter: [],
    softBounce: false,
    verp: false,
    dkim: undefined,
    ...others,
  }
}

/** A small message in memory. */
export function deliveryTo(recipients: string | readonly string[], others: Partial<Delivery> = {}): Delivery {
  const list = typeof recipients === 'string' ? [recipients] : recipients
  return {
    envelope: { sender: 'sender@a.example', recipients: list },
    content: bufferContent(Buffer.from('Subject: test\r\n\r\nHello.\r\n')),
    ...others,
  }
}
