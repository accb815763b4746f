/**
 * The server that takes the mail, and what is asked of it.
 */
import { PROXY, PROXY_PASSWORD } from '../kinds/proxy.ts'
import { DELIVER } from '../kinds/deliver.ts'
import { REPLY_RULES } from '../reply-rules.ts'
import { HELO, HOST, IP_ADDRESS, PATH } from '../kinds/text.ts'
import { choice, integer, YES_NO } from '../kinds/value.ts'
import { defaulted, NONE, optional } from './option.ts'

/** The options by name. */
export const SERVER_OPTIONS = {
  deliver: defaulted(
    'deliver',
    DELIVER,
    { to: 'smtp' },
    'Where mail goes: to the server, or for development to file:, pipe: or discard.',
    // ${sender} and ${recipient} are no variables of the environment
    { verbatim: true },
  ),
  smtp_hostname: optional('smtp_hostname', HOST, 'The smarthost that takes the mail.', { aliases: ['host'] }),
  smtp_port: optional('smtp_port', integer(1, 65535), 'Its port; 465 speaks TLS from the first byte.', {
    aliases: ['port'],
    defaultNote: '465 with tls_implicit, 24 for LMTP, 587 with a user name, else 25',
  }),
  socket: optional('socket', PATH, 'Unix socket of the server, instead of its name and port.', {
    boundToServer: true,
  }),
  srv: defaulted(
    'srv',
    YES_NO,
    false,
    'Whether smtp_hostname is a domain whose SRV records name the server.',
    { boundToServer: true },
  ),
  protocol: defaulted(
    'protocol',
    choice('smtp', 'lmtp'),
    'smtp',
    'What the server speaks; with LMTP each recipient has an outcome of its own.',
  ),
  helo: optional('helo', HELO, 'Name given with EHLO.', {
    defaultNote: "this host's name, or [127.0.0.1] when that has no dot",
  }),
  source_ip: optional('source_ip', IP_ADDRESS, 'Address of this machine that connections come from.'),
  proxy: optional('proxy', PROXY, 'SOCKS5 or HTTP proxy that connections are made through.', {
    secretPart: PROXY_PASSWORD,
  }),
  connections: defaulted(
    'connections',
    integer(1, 1000),
    4,
    'Connections to the smarthost at the same time.',
  ),
  messages_per_connection: defaulted(
    'messages_per_connection',
    integer(1, 1_000_000),
    100,
    'Messages sent over one connection before it is closed.',
  ),
  max_recipients: defaulted(
    'max_recipients',
    integer(1, 100_000),
    100,
    'Recipients in one SMTP transaction.',
  ),
  reply_filter: defaulted(
    'reply_filter',
    REPLY_RULES,
    NONE,
    'What replies of the server mean: EXPRESSION => temporary, permanent or pause.',
  ),
  verp: defaulted(
    'verp',
    YES_NO,
    false,
    'Send to each recipient by itself, with an envelope sender that names it.',
  ),
  soft_bounce: defaulted('soft_bounce', YES_NO, false, 'Treat every permanent failure as temporary.'),
} as const
