/**
 * The table of the steps of mq-send-test --check, in their order. docs/doctor.md and mq-send-test(1) show the same table.
 */
import { lookAtAliases } from './aliases.ts'
import { lookAtClock } from './clock.ts'
import { lookAtDkim } from './dkim.ts'
import { lookAtDrop } from './drop.ts'
import { lookAtRecipients, lookAtSender } from './envelope.ts'
import { lookAtConfiguration, lookAtHost, lookAtSmarthost } from './host.ts'
import { lookAtContents, lookAtLastRun, lookAtQueue } from './queue.ts'
import { lookAtConnection, lookAtExtensions, lookAtGreeting, lookAtLogin, lookAtTls } from './session.ts'
import { lookAtWebhook } from './webhook.ts'
import type { Step } from './step.ts'

/** The table. */
export const STEPS: readonly Step[] = [
  {
    name: 'configuration',
    doc: 'the configuration is found and can be used',
    about: 'site',
    needs: [],
    look: lookAtConfiguration,
  },
  {
    name: 'smarthost',
    doc: 'a server is configured; how much of the limits of the account is used',
    about: 'account',
    needs: ['configuration'],
    look: lookAtSmarthost,
  },
  { name: 'host', doc: 'its name has an address', about: 'account', needs: ['smarthost'], look: lookAtHost },
  {
    name: 'connection',
    doc: 'it takes a connection, and how long that takes',
    about: 'account',
    needs: ['host'],
    look: lookAtConnection,
  },
  {
    name: 'greeting',
    doc: 'it greets as an SMTP server',
    about: 'account',
    needs: ['connection'],
    look: lookAtGreeting,
  },
  {
    name: 'tls',
    doc: 'the connection is protected as `tls` demands, and by which certificate',
    about: 'account',
    needs: ['host'],
    look: lookAtTls,
  },
  {
    name: 'extensions',
    doc: 'it says what it can do',
    about: 'account',
    // Not tls, which is skipped when a server refuses EHLO: that has to be told here.
    needs: ['connection'],
    look: lookAtExtensions,
  },
  {
    name: 'login',
    doc: 'it accepts the user and the password, or the token',
    about: 'account',
    needs: ['extensions'],
    look: lookAtLogin,
  },
  {
    name: 'sender',
    doc: 'with `--to`: it accepts the sender',
    about: 'account',
    needs: ['login'],
    look: lookAtSender,
  },
  {
    name: 'recipient',
    doc: 'with `--to`: it accepts the recipients',
    about: 'account',
    needs: ['sender'],
    look: lookAtRecipients,
  },
  {
    name: 'dkim',
    doc: 'mail can be signed, and DNS has the key',
    about: 'account',
    needs: ['smarthost'],
    look: lookAtDkim,
  },
  {
    name: 'queue',
    doc: 'mail can be queued: directory, file system, free space',
    about: 'site',
    needs: ['configuration'],
    look: lookAtQueue,
  },
  {
    name: 'contents',
    doc: 'what lies in the queue is whole',
    about: 'site',
    needs: ['queue'],
    look: lookAtContents,
  },
  {
    name: 'last-run',
    doc: 'the queue is run, and how the last run ended',
    about: 'site',
    needs: ['configuration'],
    look: lookAtLastRun,
  },
  {
    name: 'drop',
    doc: 'users can drop mail, and it is taken over',
    about: 'site',
    needs: ['configuration'],
    look: lookAtDrop,
  },
  {
    name: 'webhook',
    doc: 'the application takes what it is told',
    about: 'site',
    needs: ['configuration'],
    look: lookAtWebhook,
  },
  {
    name: 'aliases',
    doc: 'the aliases file can be used',
    about: 'site',
    needs: ['configuration'],
    look: lookAtAliases,
  },
  {
    name: 'clock',
    doc: 'nothing contradicts the clock of this machine',
    about: 'account',
    needs: ['configuration'],
    look: lookAtClock,
  },
]
